"""`unhook receive`: what it needs before it begins, and what the doctor says of it."""

import os
import socket
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result

from backend.intake_mail.spool import Envelope, spool_of
from backend.services import utc_now
from backend.settings import read_settings
from backend.store import polled_mailboxes
from backend.store.database import open_database
from connectors.maildir.deliver import make_mailbox

DOMAIN = {"UNHOOK_RECEIVE_DOMAIN": "reports.example.net"}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "Set UNHOOK_RECEIVE_DOMAIN"),
        ({"UNHOOK_RECEIVE_DOMAIN": "not a domain"}, "UNHOOK_RECEIVE_DOMAIN"),
        ({**DOMAIN, "UNHOOK_RECEIVE_HOST": "0.0.0.0"}, "UNHOOK_RECEIVE_CERTIFICATE must be set"),
        ({**DOMAIN, "UNHOOK_RECEIVE_CERTIFICATE": __file__}, "UNHOOK_RECEIVE_CERTIFICATE: not a certificate"),
        ({**DOMAIN, "UNHOOK_RECEIVE_CERTIFICATE": "/nowhere.pem"}, "cannot receive mail"),
        ({**DOMAIN, "UNHOOK_RECEIVE_RELAYS": '["mx.example.org"]'}, "UNHOOK_RECEIVE_RELAYS"),
        ({**DOMAIN, "UNHOOK_RECEIVE_AUTHSERV_IDS": '["*"]'}, "name the servers"),
    ],
)
def test_what_is_set_wrong_is_said_in_a_sentence(unhook: Callable[..., Result], monkeypatch, settings, sentence):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    said = unhook("receive")
    assert said.exit_code == 1
    assert sentence in said.output
    assert "Traceback" not in said.output


def test_a_port_that_is_taken_is_said_in_a_sentence(unhook: Callable[..., Result], monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("UNHOOK_RECEIVE_DOMAIN", DOMAIN["UNHOOK_RECEIVE_DOMAIN"])
        monkeypatch.setenv("UNHOOK_RECEIVE_PORT", str(other.getsockname()[1]))
        said = unhook("receive")
    assert said.exit_code == 1
    assert "cannot receive mail on 127.0.0.1 port" in said.output


def test_the_doctor_says_when_nobody_takes_mail_in(unhook: Callable[..., Result], monkeypatch):
    unhook("migrate")
    assert "mail intake" not in unhook("doctor").output
    monkeypatch.setenv("UNHOOK_RECEIVE_DOMAIN", DOMAIN["UNHOOK_RECEIVE_DOMAIN"])
    assert "NOT mail intake  UNHOOK_RECEIVE_AUTHSERV_IDS is empty" in unhook("doctor").output
    monkeypatch.setenv("UNHOOK_RECEIVE_AUTHSERV_IDS", '["mx.example.org"]')
    assert "ok  mail intake  reports.example.net: 0 bytes wait" in unhook("doctor").output

    settings = read_settings()
    name = spool_of(settings).keep(
        Envelope("a@example.org", ("x@reports.example.net",), "2026-03-02T08:00:00"), b"mail"
    )
    os.utime(settings.spool_folder / name, (1, 1))
    assert "NOT mail intake  Mail has waited for" in unhook("doctor").output


def test_the_doctor_says_which_mailbox_cannot_be_read_and_which_is_not(acme: Callable[..., Result], data: Path):
    make_mailbox(data / "mail" / "acme", "phish@example.org")
    mailboxes = '{"phish@example.org": "user+malicious", "gone@example.org": "team+spoof"}'
    assert acme("tenant", "set", "acme", "intake.mailboxes", mailboxes).exit_code == 0
    said = acme("doctor").output
    assert "NOT mail intake  acme: gone@example.org: there is no mailbox" in said
    assert "NOT mail intake  acme: phish@example.org: Nobody has looked into it lately" in said

    with closing(open_database(read_settings().store_url)) as database, database.begin() as tx:
        now = utc_now()
        polled_mailboxes.follow_policies(tx, now - timedelta(hours=3))
        (_, phish) = polled_mailboxes.of_tenant(tx, 1)
        polled_mailboxes.finish(tx, phish, now - timedelta(hours=2), timedelta(hours=6), now, behind=True)
        polled_mailboxes.fail(tx, phish, "Microsoft Graph asked us to wait (429)", now)
    assert "NOT mail intake  acme: phish@example.org: Microsoft Graph asked us to wait (429)" in acme("doctor").output
    with closing(open_database(read_settings().store_url)) as database, database.begin() as tx:
        (_, phish) = polled_mailboxes.of_tenant(tx, 1)
        polled_mailboxes.finish(tx, phish, now - timedelta(hours=2), timedelta(hours=6), now, behind=True)
    assert "NOT mail intake  acme: phish@example.org: It is read up to 120 minutes ago" in acme("doctor").output
    with closing(open_database(read_settings().store_url)) as database, database.begin() as tx:
        (_, phish) = polled_mailboxes.of_tenant(tx, 1)
        polled_mailboxes.finish(tx, phish, now, timedelta(hours=6), now, behind=False)
    assert "ok  mail intake  acme: phish@example.org: is read for reports." in acme("doctor").output


def test_a_mailbox_that_means_nothing_is_refused_in_a_sentence(acme: Callable[..., Result]):
    said = acme("tenant", "set", "acme", "intake.mailboxes", '{"soc@example.org": "team+phish"}')
    assert said.exit_code == 1
    assert "'team+phish' of soc@example.org means nothing: say {user|team}+{malicious|" in said.output
