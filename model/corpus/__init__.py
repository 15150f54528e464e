"""Corpus: from labelled mail on disk to rows, parts and clusters that training and evaluation share."""
