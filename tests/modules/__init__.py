"""Modules: the opinions beside the network."""
