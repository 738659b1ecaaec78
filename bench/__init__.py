"""Measurements of Kopilka: `python -m bench --help`."""
