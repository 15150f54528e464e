"""Probe: is what consent shows what Microsoft really permits?"""

from collections.abc import Iterator

import pytest

from connectors.errors import NotPermitted, TryLater
from connectors.outlook import probe
from connectors.outlook.client import Graph, roles_in
from connectors.outlook.probe import Organisation
from connectors.probed import Access
from mailboxes.contract import ANA, BEN
from mailboxes.outlook_world import APP, ROLES, TID, TRACE, OutlookWorld


@pytest.fixture
def graph_client(outlook: OutlookWorld) -> Iterator[Graph]:
    made = probe.graph_for(TID, APP, "a secret", "", outlook.entra.url, outlook.graph.url, outlook.entra.ca_file)
    yield made
    made.close()


def access(probed: probe.Probed) -> dict[str, Access]:
    return {tried.permission: tried.access for tried in probed.tried}


def test_everything_is_shown_that_was_granted(outlook: OutlookWorld, graph_client: Graph):
    outlook.entra.grant(TID, APP, [*ROLES, TRACE])
    probed = probe.probe(graph_client)
    assert probed.organisation == Organisation(TID, "Acme Ltd")
    assert probed.roles == {*ROLES, TRACE}
    assert set(access(probed).values()) == {Access.PERMITTED}


def test_what_is_missing_is_said_in_a_sentence(outlook: OutlookWorld, graph_client: Graph):
    outlook.entra.grant(TID, APP, ["User.Read.All"])
    probed = probe.probe(graph_client)
    assert access(probed) == {
        "User.Read.All": Access.PERMITTED,
        "Mail.ReadWrite": Access.NOT_PERMITTED,
        TRACE: Access.NOT_PERMITTED,
    }
    assert all(tried.permission in tried.detail for tried in probed.tried if tried.access is Access.NOT_PERMITTED)


def test_a_right_that_is_scoped_in_exchange_shows_by_trying_only(outlook: OutlookWorld, graph_client: Graph):
    outlook.entra.grant(TID, APP, ["User.Read.All"])
    outlook.graph.scopes[APP] = {ANA}
    assert "Mail.ReadWrite" not in probe.granted(graph_client)
    assert probe.try_mail(graph_client, ANA).access is Access.PERMITTED
    assert probe.try_mail(graph_client, BEN).access is Access.NOT_PERMITTED


def test_consent_given_meanwhile_shows_at_once(outlook: OutlookWorld, graph_client: Graph):
    outlook.entra.revoke(TID, APP)
    with pytest.raises(NotPermitted, match="AADSTS700016"):
        probe.probe(graph_client)
    outlook.entra.grant(TID, APP, ["Mail.ReadWrite"])
    assert probe.granted(graph_client) == {"Mail.ReadWrite"}
    outlook.entra.grant(TID, APP, ["Mail.ReadWrite", "User.Read.All"])
    assert probe.granted(graph_client) == {"Mail.ReadWrite", "User.Read.All"}


def test_a_name_that_may_not_be_read_is_no_obstacle(outlook: OutlookWorld, graph_client: Graph):
    outlook.graph.organisation_needs = frozenset({"Organization.Read.All"})
    probed = probe.probe(graph_client, ANA)
    assert (probed.organisation.id, access(probed)["Mail.ReadWrite"]) == ("", Access.PERMITTED)
    with pytest.raises(NotPermitted, match=r"Organization\.Read\.All"):
        probe.organisation(graph_client)


def test_without_a_mailbox_to_try_nothing_is_known(outlook: OutlookWorld, graph_client: Graph):
    outlook.entra.grant(TID, APP, ["Mail.ReadWrite"])
    assert access(probe.probe(graph_client)) == {
        "User.Read.All": Access.NOT_PERMITTED,
        "Mail.ReadWrite": Access.UNKNOWN,
        TRACE: Access.NOT_PERMITTED,
    }


def test_a_mailbox_that_graph_cannot_open_shows_nothing(outlook: OutlookWorld, graph_client: Graph):
    outlook.directory.add_user("old@example.org", mailbox=False)
    tried = probe.try_mail(graph_client, "old@example.org")
    assert (tried.access, "on premises" in tried.detail) == (Access.UNKNOWN, True)


def test_a_microsoft_that_is_away_is_no_answer(outlook: OutlookWorld):
    away = probe.graph_for(TID, APP, "s", "", "https://127.0.0.1:1", outlook.graph.url, outlook.entra.ca_file)
    with pytest.raises(TryLater):
        probe.granted(away)
    away.close()


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.bm90IGpzb24.c", "a.W10.c", "a.eyJyb2xlcyI6N30.c"])
def test_a_token_that_says_nothing_has_no_roles(token: str):
    assert roles_in(token) == frozenset()
