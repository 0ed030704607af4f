"""Words everyone shares: errors, units, text, files. Imports nothing heavy."""
