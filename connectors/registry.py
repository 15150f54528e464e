"""The registry: which connector serves which provider name."""
