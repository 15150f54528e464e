"""`unhook doctor outlook`: the consent page's findings, for whoever has only a terminal."""

import pytest
from microsoft.certificates import credential_pem
from microsoft.entra import Entra
from microsoft.people import GraphWithPeople

DIRECTORY = "11111111-2222-4333-8444-555555555555"
APP = "aaaaaaaa-0000-4000-8000-000000000002"
NEEDED = ("Mail.ReadWrite", "User.Read.All")


@pytest.fixture
def graph(tmp_path):
    folder = tmp_path / "entra"
    folder.mkdir()
    with Entra(folder) as entra, GraphWithPeople(entra) as running:
        running.add_tenant(DIRECTORY).add_user("ana@example.org")
        entra.add_app(APP, "right")
        yield running


@pytest.fixture
def outlook(unhook, graph, monkeypatch):
    """`unhook` with one Outlook tenant that is not consented to."""
    settings = {
        "MICROSOFT_LOGIN_URL": graph.entra.url,
        "MICROSOFT_GRAPH_URL": graph.url,
        "CA_FILE": str(graph.entra.ca_file),
        "OUTLOOK_CLIENT_ID": APP,
        "OUTLOOK_CLIENT_SECRET": "right",
        "OUTLOOK_ADDIN_CLIENT_ID": "aaaaaaaa-0000-4000-8000-000000000001",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"UNHOOK_{name}", value)
    assert unhook("tenant", "add", "acme", "Acme", "--provider", "outlook", "--directory", DIRECTORY).exit_code == 0
    return unhook


def test_what_is_granted_is_said(outlook, graph):
    graph.entra.grant(DIRECTORY, APP, NEEDED)

    said = outlook("doctor", "outlook")

    assert said.exit_code == 0, said.output
    assert "ok  acme: directory Acme Ltd gives our app registration tokens" in said.output
    assert "ok  acme: Mail.ReadWrite Granted to fetch" in said.output


def test_what_is_missing_or_too_wide_ends_with_one(outlook, graph):
    graph.entra.grant(DIRECTORY, APP, ["User.Read.All", "Mail.Send"])

    said = outlook("doctor", "outlook")

    assert said.exit_code == 1
    assert "NOT acme: Mail.ReadWrite Needed to fetch" in said.output
    assert "NOT acme: Mail.Send Granted, but not needed." in said.output


def test_consent_that_is_not_there_is_said_with_microsofts_code(outlook):
    said = outlook("doctor", "outlook")

    assert said.exit_code == 1
    assert "AADSTS700016" in said.output


def test_a_mailbox_inside_a_scope_can_be_named(outlook, graph):
    graph.directories[DIRECTORY].add_user("ben@example.org")
    graph.entra.grant(DIRECTORY, APP, ["User.Read.All"])
    graph.scopes[APP] = {"ben@example.org"}

    assert outlook("doctor", "outlook").exit_code == 1
    assert outlook("doctor", "outlook", "--mailbox", "ben@example.org").exit_code == 0


def test_without_such_a_tenant_it_says_so(acme):
    said = acme("doctor", "outlook")

    assert said.exit_code == 1
    assert "No tenant's mail lies with Microsoft" in said.output


def test_without_a_store_it_makes_none(unhook, data):
    said = unhook("doctor", "outlook")

    assert said.exit_code == 1
    assert "run unhook migrate" in said.output
    assert not data.exists()


def test_the_doctor_of_everything_warns_of_a_certificate_that_ends_soon(outlook, graph, monkeypatch):
    graph.entra.grant(DIRECTORY, APP, NEEDED)
    monkeypatch.setenv("UNHOOK_OUTLOOK_CERTIFICATE", credential_pem("unhook", 5))

    said = outlook("doctor")

    assert "NOT certificate  Expires on" in said.output
