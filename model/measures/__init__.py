"""Measures: what is a checkpoint worth, in figures that a sceptic can recompute? Nothing here needs torch."""
