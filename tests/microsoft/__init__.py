"""A Microsoft that bites: Entra and Graph over real HTTPS on loopback, for tests."""
