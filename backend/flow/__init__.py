"""Flow: one file per step of the way through, each with one function of that name."""
