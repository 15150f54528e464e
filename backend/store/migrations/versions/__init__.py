"""Versions: one file per change of the tables, named by its number."""
