"""Composed mail: everyday mail that no corpus holds, written by code for training and never for measuring."""
