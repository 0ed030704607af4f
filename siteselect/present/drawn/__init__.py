"""Drawings: figures on one paper for all, in both languages, for screens and for print."""
