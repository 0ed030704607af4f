"""Where things are: the study's CRS, grid and places, and the only reader of data."""
