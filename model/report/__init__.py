"""Report: how do the figures of an evaluation read, as lines in a terminal and as a page with plots?"""
