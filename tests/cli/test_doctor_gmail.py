"""`unhook doctor gmail`: the delegation page's findings, for whoever has only a terminal."""

import pytest
from workspace.admin import DIRECTORY, REPORTS
from workspace.fixtures import google
from workspace.gmail import FULL, MODIFY
from workspace.google import CERTS, TOKEN
from workspace.tokens import ADD_ON, OAUTH_CLIENT

__all__ = ["google"]

ADMIN = "admin@example.org"


@pytest.fixture
def gmail(unhook, google, monkeypatch):
    """`unhook` with one Gmail tenant that has delegated nothing."""
    for address in (ADMIN, "ana@example.org"):
        google.store.add(address)
    google.admin.administrators.add(ADMIN)
    settings = {
        "PUBLIC_URL": "https://unhook.example",
        "CA_FILE": str(google.ca_file),
        "GMAIL_KEY": google.key,
        "GMAIL_ADDON_ACCOUNT": ADD_ON,
        "GMAIL_ADDON_CLIENT_ID": OAUTH_CLIENT,
        "GOOGLE_TOKEN_URL": google.url + TOKEN,
        "GOOGLE_CERTS_URL": google.url + CERTS,
        "GMAIL_URL": google.url,
        "GOOGLE_ADMIN_URL": google.url,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"UNHOOK_{name}", value)
    where = ("--provider", "gmail", "--directory", "example.org", "--administrator", ADMIN)
    assert unhook("tenant", "add", "acme", "Acme", *where).exit_code == 0
    return unhook


def test_what_is_delegated_is_said(gmail, google):
    google.tokens.granted |= {MODIFY, DIRECTORY, REPORTS}

    said = gmail("doctor", "gmail")

    assert said.exit_code == 0, said.output
    assert "ok  acme: gmail.modify Delegated to search, read and label" in said.output
    assert "ok  acme: key" in said.output


def test_what_is_missing_or_too_wide_ends_with_one(gmail, google):
    google.tokens.granted |= {DIRECTORY, FULL}

    said = gmail("doctor", "gmail", "--mailbox", "ana@example.org")

    assert said.exit_code == 1
    assert "NOT acme: gmail.modify Needed to search, read and label" in said.output
    assert "NOT acme: mail.google.com Delegated, but not needed." in said.output


def test_without_such_a_tenant_it_says_so(acme):
    said = acme("doctor", "gmail")

    assert said.exit_code == 1
    assert "No tenant's mail lies with Google" in said.output
