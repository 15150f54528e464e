"""Mailboxes in Exchange Online, reached through Microsoft Graph."""
