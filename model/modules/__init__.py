"""Opinions beside the network, one file each, all with one contract: facts in, opinion out."""
