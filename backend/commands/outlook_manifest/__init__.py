"""Outlook manifest: the file an administrator gives to Microsoft 365, written for an address and checked."""
