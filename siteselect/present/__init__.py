"""The only writers: the map, the tables, the layers, the figures."""
