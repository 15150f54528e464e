"""A Google Workspace that bites: tokens, Gmail, Directory and Reports over real HTTPS on loopback, for tests."""
