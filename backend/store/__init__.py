"""Store: everything that is kept, one file per noun."""
