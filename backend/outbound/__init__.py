"""Outbound: how do events leave, and how do those who get them know that they are ours?"""
