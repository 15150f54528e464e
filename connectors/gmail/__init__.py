"""Mailboxes in Google Workspace, reached through the Gmail API with domain-wide delegation."""
