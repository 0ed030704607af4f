"""From the world to performances: distances, supplies, surface readings, at any place."""
