"""Parsing mail, the same way for training and for serving."""
