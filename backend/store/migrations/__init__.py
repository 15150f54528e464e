"""Migrations: how did the tables come to be what they are? Alembic runs them, oldest first."""
