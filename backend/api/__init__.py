"""The API: reports come in here."""
