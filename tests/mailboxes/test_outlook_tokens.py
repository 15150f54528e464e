"""Tokens: how do we prove ourselves to Entra, and what if it no longer believes us?"""

from datetime import UTC, datetime, timedelta

import pytest
from microsoft.certificates import certificate, credential_pem
from microsoft.server import Response

from connectors.errors import ConnectorError, NotPermitted, Refused, TryLater
from connectors.outlook.credentials import certificate_expires, credential, scope_of
from mailboxes.contract import ANA, wanted
from mailboxes.outlook_world import APP, ROLES, TID, OutlookWorld


def test_one_token_serves_many_calls(outlook: OutlookWorld):
    for _ in range(3):
        outlook.mailboxes.find(ANA, wanted())
    assert outlook.entra.tokens_given == 1


def test_a_certificate_is_preferred_to_a_secret(outlook: OutlookWorld):
    outlook.entra.add_app(APP, certificate=certificate("app"))
    with_certificate = outlook.connect(secret="wrong", certificate=credential_pem("app"))
    assert with_certificate.find(ANA, wanted()) == []


def test_a_token_about_to_expire_is_replaced(outlook: OutlookWorld):
    outlook.entra.lifetime = 200
    outlook.mailboxes.find(ANA, wanted())
    outlook.mailboxes.find(ANA, wanted())
    assert outlook.entra.tokens_given == 2


def test_a_token_revoked_before_its_time_is_replaced_once(outlook: OutlookWorld):
    outlook.mailboxes.find(ANA, wanted())
    outlook.entra.revoke_tokens()
    assert outlook.mailboxes.find(ANA, wanted()) == []
    assert (outlook.entra.tokens_given, outlook.graph.refused_tokens) == (2, 1)


def test_a_second_401_is_not_permitted(outlook: OutlookWorld):
    outlook.graph.troubles.order("/messages", status=401, times=2)
    with pytest.raises(NotPermitted, match="consent"):
        outlook.mailboxes.find(ANA, wanted())
    assert outlook.entra.tokens_given == 2


@pytest.mark.parametrize("spoil", ["secret", "certificate", "consent", "app"])
def test_what_entra_refuses_is_said_with_its_code(outlook: OutlookWorld, spoil: str):
    client = outlook.mailboxes
    if spoil == "secret":
        client = outlook.connect(secret="wrong")
    elif spoil == "certificate":
        outlook.entra.add_app(APP, certificate=certificate("app"))
        client = outlook.connect(certificate=credential_pem("stranger"))
    elif spoil == "consent":
        outlook.entra.revoke(TID, APP)
    else:
        client = outlook.connect(client_id="nobody")
    with pytest.raises(NotPermitted) as raised:
        client.find(ANA, wanted())
    code = {"secret": "AADSTS7000215", "certificate": "AADSTS700027"}.get(spoil, "AADSTS700016")
    assert code in str(raised.value)
    assert "wrong)" not in str(raised.value)


def test_a_directory_that_is_none_is_said(outlook: OutlookWorld):
    with pytest.raises(NotPermitted, match="knows no such directory"):
        outlook.connect(directory="22222222-0000-0000-0000-000000000000").find(ANA, wanted())


@pytest.mark.parametrize("status", [500, 503])
def test_a_sign_in_service_that_is_unwell_is_asked_later(outlook: OutlookWorld, status: int):
    said = Response(status, {"error": "temporarily_unavailable", "error_description": "AADSTS90033: wait"})
    outlook.entra.failing = [said] * 99
    with pytest.raises(TryLater):
        outlook.mailboxes.find(ANA, wanted())


def test_a_sign_in_service_that_is_not_there_is_asked_later(outlook: OutlookWorld):
    with pytest.raises(TryLater):
        outlook.connect(login_url="https://127.0.0.1:1").find(ANA, wanted())


@pytest.mark.parametrize("missing", ["directory", "client_id", "secret"])
def test_a_setting_that_is_missing_is_named(outlook: OutlookWorld, missing: str):
    with pytest.raises(Refused) as raised:
        outlook.connect(**{missing: ""})
    assert type(raised.value) is Refused
    assert missing.upper() in str(raised.value) or missing in str(raised.value)


@pytest.mark.parametrize("part", ["PRIVATE KEY", "CERTIFICATE"])
def test_a_certificate_that_cannot_be_read_is_refused(part: str):
    damaged = credential_pem("app").replace(f"-----BEGIN {part}-----\n", f"-----BEGIN {part}-----\nAAAA")
    with pytest.raises(Refused, match="cannot be read"):
        credential("", damaged)


@pytest.mark.parametrize("pem", ["no pem", credential_pem("app").partition("-----BEGIN CERT")[0]])
def test_a_certificate_without_its_parts_is_refused(pem: str):
    with pytest.raises(Refused, match="private key and a certificate"):
        credential("", pem)


def test_nothing_is_asked_before_it_is_needed(outlook: OutlookWorld):
    outlook.connect(login_url="https://127.0.0.1:1", graph_url="https://127.0.0.1:1")


def test_the_certificate_s_end_is_known():
    end = certificate_expires(credential_pem("app", days=12))
    assert end is not None
    assert timedelta(days=11) < end - datetime.now(UTC).replace(tzinfo=None) < timedelta(days=13)
    assert certificate_expires("") is None
    assert certificate_expires("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----") is None


@pytest.mark.parametrize(
    ("url", "scope"),
    [
        ("https://graph.microsoft.com/v1.0", "https://graph.microsoft.com/.default"),
        ("https://graph.microsoft.us/v1.0", "https://graph.microsoft.us/.default"),
        ("https://microsoftgraph.chinacloudapi.cn/v1.0", "https://microsoftgraph.chinacloudapi.cn/.default"),
        ("https://127.0.0.1:9/v1.0", "https://graph.microsoft.com/.default"),
    ],
)
def test_each_cloud_has_its_own_scope(url: str, scope: str):
    assert scope_of(url) == scope


def test_errors_are_ours(outlook: OutlookWorld):
    outlook.entra.grant(TID, APP, ())
    with pytest.raises(ConnectorError, match=ROLES[0]):
        outlook.mailboxes.find(ANA, wanted())
