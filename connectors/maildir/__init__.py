"""Maildir: real mail folders on disk, the embedded default."""
