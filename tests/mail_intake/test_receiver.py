"""The receiver: a real client speaks to it, and only what is ours, small enough and no loop gets its 250."""

import asyncio
import smtplib
import socket
import ssl

import pytest
from aiosmtpd.smtp import Envelope, Session
from microsoft.certificates import write_server_files
from reports_by_mail import DOMAIN, FAILED, PHISH, RELAY, SOC, TEAM, USER, report
from running import receiving

from backend.errors import StoreUnavailable
from backend.intake_mail.headers import MOST_HOPS
from backend.intake_mail.pace import Pace
from backend.intake_mail.receiver import Door, House
from backend.intake_mail.spool import Spool
from backend.services import utc_now
from backend.settings import Settings

REPORT = report(PHISH)


def refused(client: smtplib.SMTP, mail=REPORT, sender: str = SOC, to: str = TEAM) -> tuple[int, str]:
    """The code and text with which a mail is refused."""
    with pytest.raises(smtplib.SMTPException) as refusal, client:
        client.sendmail(sender, [to], mail if isinstance(mail, bytes) else mail.as_bytes())
    error = refusal.value
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((code, text),) = error.recipients.values()
    else:
        assert isinstance(error, smtplib.SMTPResponseException)
        code, text = error.smtp_code, error.smtp_error
    return code, text.decode() if isinstance(text, bytes) else text


def test_a_report_lies_on_disk_before_it_is_acknowledged(receiver):
    with receiver.client() as client:
        client.send_message(REPORT, SOC, [TEAM])
        (name,) = receiver.waiting()
    with receiver.spool.taken(name) as mail:
        assert mail.raw == REPORT.as_bytes()
        assert mail.envelope.recipients == (TEAM,)
        assert mail.envelope.sender == SOC
    assert receiver.arrived == [None]


def test_a_mail_for_several_addresses_is_kept_once_with_all_of_them(receiver):
    with receiver.client() as client:
        client.sendmail(SOC, [TEAM, USER], REPORT.as_bytes())
    (name,) = receiver.waiting()
    with receiver.spool.taken(name) as mail:
        assert set(mail.envelope.recipients) == {TEAM, USER}


def test_a_mail_that_a_relay_sends_again_is_the_same_mail(receiver):
    for _ in range(2):
        with receiver.client() as client:
            client.sendmail(SOC, [TEAM], REPORT.as_bytes())
    assert len(receiver.waiting()) == 1


@pytest.mark.parametrize(
    "address",
    [
        "somebody@elsewhere.example",
        f"somebody@sub.{DOMAIN}",
        "acme+team+malicious@elsewhere.example",
        f"elsewhere.example!somebody@{DOMAIN}",
        f"somebody%elsewhere.example@{DOMAIN}",
        f'"somebody@elsewhere.example"@{DOMAIN}',
    ],
)
def test_nothing_is_relayed(receiver, address):
    assert refused(receiver.client(), to=address)[0] == 550
    assert receiver.waiting() == []


def test_a_tenant_that_is_not_there_has_no_address(receiver):
    assert refused(receiver.client(), to=f"other+team+malicious@{DOMAIN}") == (
        550,
        "5.1.1 There is nobody of this name here",
    )


def test_an_address_that_is_spelled_wrong_is_taken_so_that_the_report_is_not_lost(receiver):
    with receiver.client() as client:
        client.sendmail(SOC, [f"acme+team+phish@{DOMAIN}"], REPORT.as_bytes())
    assert len(receiver.waiting()) == 1


def test_bounces_are_not_taken(receiver):
    code, text = refused(receiver.client(), sender="")
    assert (code, "bounces" in text) == (550, True)


@pytest.mark.parametrize(
    "mail",
    [
        report(PHISH, Auto_Submitted="auto-replied"),
        report(PHISH, Auto_Submitted="Auto-Replied; owner-email=x"),
        report(PHISH, X_Unhook_Key="answer-7"),
        report(PHISH, sender=f"acme+user+none@{DOMAIN}"),
        b"".join(b"Received: from a by b; Mon, 2 Mar 2026 08:00:00 +0000\r\n" for _ in range(MOST_HOPS + 1))
        + REPORT.as_bytes(),
        b"From: postmaster@example.org\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n"
        b"\r\n"
        b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + PHISH.replace(b"\n", b"\r\n") + b"\r\n--x--\r\n",
    ],
    ids=["auto-replied", "auto-replied-oddly", "our-own-answer", "from-an-own-address", "hops", "delivery-report"],
)
def test_what_would_go_round_in_circles_is_refused(receiver, mail):
    assert refused(receiver.client(), mail)[0] == 554
    assert receiver.waiting() == []


def test_a_mail_that_is_too_large_is_refused_before_and_after_it_is_sent(tmp_path):
    huge = REPORT.as_bytes() + b"\r\n".join([b"z" * 70] * 15_000)
    with receiving(tmp_path, max_message_bytes=1000) as receiver:
        assert refused(receiver.client(), huge)[0] == 552  # announced by SIZE
        with receiver.client() as client:
            client.ehlo()
            client.esmtp_features.pop("size")
            client.mail(SOC)
            client.rcpt(TEAM)
            assert client.data(huge)[0] == 552
        assert receiver.waiting() == []


def test_a_long_line_is_no_reason_to_lose_a_report(receiver):
    mail = REPORT.as_bytes().replace(b"Please look", b"Please " + b"l" * 20_000 + b" look")
    with receiver.client() as client:
        client.sendmail(SOC, [TEAM], mail)
    assert len(receiver.waiting()) == 1


def test_a_relay_that_sends_too_much_is_put_off(tmp_path):
    with receiving(tmp_path, receive_per_minute=2) as receiver:
        with receiver.client() as client:
            for number in range(2):
                client.sendmail(SOC, [TEAM], report(PHISH, text=str(number)).as_bytes())
        code, text = refused(receiver.client())
        assert (code, text[:5]) == (451, "4.7.1")
        assert len(receiver.waiting()) == 2


def test_strangers_who_send_too_much_put_off_nobody_who_is_proven_and_no_other_tenant(tmp_path):
    settings = {"receive_unproven_per_minute": 2, "receive_authserv_ids": (RELAY,)}
    with receiving(tmp_path, {"acme", "umbrella"}.__contains__, **settings) as receiver:
        stranger = report(PHISH, results=FAILED)
        with receiver.client() as client:
            for _ in range(2):  # the same mail is kept once
                client.sendmail(SOC, [USER], stranger.as_bytes())
        assert refused(receiver.client(), stranger, to=USER)[0] == 451
        with receiver.client() as client:
            client.sendmail(SOC, [TEAM], REPORT.as_bytes())
            client.sendmail(SOC, [TEAM.replace("acme", "umbrella")], stranger.as_bytes())
        assert len(receiver.waiting()) == 3


def test_a_relay_has_one_pace_for_all_its_addresses(tmp_path):
    settings = Settings(data_dir=tmp_path, receive_domain=DOMAIN, receive_per_minute=2)
    door = Door(House(settings, Spool(tmp_path, 1_000_000), bool, lambda: None, utc_now))

    def sent_from(address: str) -> str:
        session = Session(None)
        session.peer = (address, 50_000, 0, 0)
        return asyncio.run(door.handle_MAIL(None, session, Envelope(), SOC, []))[:3]

    assert [sent_from(f"2001:db8:1:2::{number}") for number in range(3)] == ["250", "250", "451"]
    assert sent_from("2001:db8:1:3::1") == "250"


def test_a_pace_allows_more_as_time_goes_by():
    now = [0.0]
    pace = Pace(60, lambda: now[0])
    assert all(pace.takes("10.0.0.1") for _ in range(60))
    assert not pace.takes("10.0.0.1")
    assert pace.takes("10.0.0.2")
    now[0] += 1
    assert [pace.takes("10.0.0.1") for _ in range(2)] == [True, False]


def test_only_relays_may_connect(tmp_path):
    with receiving(tmp_path, receive_relays=("10.0.0.0/8",)) as receiver:
        with pytest.raises(smtplib.SMTPConnectError) as refusal:
            receiver.client()
        assert refusal.value.smtp_code == 554


def test_connections_are_counted_and_given_back(tmp_path):
    with receiving(tmp_path, receive_connections=1) as receiver:
        with receiver.client():
            with pytest.raises(smtplib.SMTPConnectError) as refusal:
                receiver.client()
            assert refusal.value.smtp_code == 421
        for _ in range(100):  # the first one's end is noticed a moment later
            try:
                receiver.client().quit()
                break
            except smtplib.SMTPConnectError:
                continue
        else:
            raise AssertionError("nobody is let in any more")


def test_under_tls_and_only_so_where_there_is_a_certificate(tmp_path):
    authority, server = write_server_files(tmp_path)
    with receiving(tmp_path, receive_certificate=server) as receiver:
        assert refused(receiver.client())[0] == 530
        with receiver.client() as client:
            client.starttls(context=ssl.create_default_context(cafile=authority))
            client.sendmail(SOC, [TEAM], REPORT.as_bytes())
            assert isinstance(client.sock, ssl.SSLSocket)
        assert len(receiver.waiting()) == 1


def test_commands_that_were_sent_before_tls_do_not_count_under_it(tmp_path):
    authority, server = write_server_files(tmp_path)
    with receiving(tmp_path, receive_certificate=server) as receiver, receiver.client() as client:
        client.ehlo()
        client.sock.sendall(b"STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n")
        assert client.getreply()[0] == 220
        context = ssl.create_default_context(cafile=authority)
        client.sock = context.wrap_socket(client.sock, server_hostname="127.0.0.1")
        client.file = None
        client.ehlo_resp = client.helo_resp = None
        client.ehlo()
        assert client.rcpt(TEAM)[0] == 503


def test_lmtp_has_an_answer_for_each_recipient(tmp_path):
    with receiving(tmp_path, receive_protocol="lmtp") as receiver:
        with smtplib.LMTP("127.0.0.1", receiver.port) as client:
            client.ehlo()  # smtplib says LHLO
            client.mail(SOC)
            client.rcpt(TEAM)
            client.rcpt(USER)
            assert client.data(REPORT.as_bytes())[0] == 250
            assert client.getreply()[0] == 250
        assert len(receiver.waiting()) == 1


def test_a_full_spool_puts_mail_off(tmp_path):
    with receiving(tmp_path, spool_megabytes=1) as receiver:
        big = report(PHISH, text="\n".join(["x" * 70] * 9_000))
        with receiver.client() as client:
            client.sendmail(SOC, [TEAM], big.as_bytes())
        assert refused(receiver.client(), report(PHISH, text="\n".join(["y" * 70] * 9_000)))[0] == 451
        assert len(receiver.waiting()) == 1


def test_a_spool_that_cannot_be_written_puts_mail_off(tmp_path):
    (tmp_path / "spool").write_text("a file where the folder should be")
    with receiving(tmp_path) as receiver:
        assert refused(receiver.client())[0] == 451
        assert receiver.arrived == []


def test_a_store_that_does_not_answer_puts_mail_off(tmp_path):
    def knows(_slug: str) -> bool:
        raise StoreUnavailable("away")

    with receiving(tmp_path, knows) as receiver:
        assert refused(receiver.client())[0] == 451


def test_what_nobody_foresaw_puts_mail_off_and_says_nothing_of_itself(tmp_path):
    def knows(_slug: str) -> bool:
        raise RuntimeError("a secret of ours")

    with receiving(tmp_path, knows) as receiver:
        assert refused(receiver.client()) == (451, "4.3.0 Try again later")


def test_a_mail_cannot_be_smuggled_in_behind_another(receiver):
    """A dot between bare line feeds ends no mail: what follows stays inside the one that was sent."""
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=20) as connection:
        lines = connection.makefile("rwb")
        lines.readline()
        body = REPORT.as_bytes().replace(b"Please", b"x\n.\nMAIL FROM:<evil@example.org>\nPlease")
        for said in (b"HELO x\r\n", f"MAIL FROM:<{SOC}>\r\n".encode(), f"RCPT TO:<{TEAM}>\r\n".encode(), b"DATA\r\n"):
            lines.write(said)
            lines.flush()
            assert lines.readline()[:1] in b"23"
        lines.write(body + b"\r\n.\r\n")
        lines.flush()
        assert lines.readline()[:3] == b"250"
    (name,) = receiver.waiting()
    with receiver.spool.taken(name) as mail:
        assert b"evil@example.org" in mail.raw


def test_a_mail_is_taken_by_one_at_a_time_and_stays_when_that_goes_wrong(receiver):
    with receiver.client() as client:
        client.sendmail(SOC, [TEAM], REPORT.as_bytes())
    (name,) = receiver.waiting()
    with pytest.raises(ZeroDivisionError):
        _go_wrong(receiver, name)
    assert receiver.waiting() == [name]
    with receiver.spool.taken(name) as mail:
        assert mail is not None
    assert receiver.waiting() == []
    with receiver.spool.taken(name) as mail:
        assert mail is None


def _go_wrong(receiver, name: str) -> None:
    with receiver.spool.taken(name) as mail:
        assert mail is not None
        with receiver.spool.taken(name) as again:
            assert again is None
        raise ZeroDivisionError


def test_what_a_crash_left_half_written_is_never_taken_for_a_mail(receiver, tmp_path):
    folder = tmp_path / "spool"
    folder.mkdir()
    half = folder / ".keep-abc"
    half.write_bytes(b'{"sender"')
    assert receiver.waiting() == []
    receiver.spool.clear_leftovers(half.stat().st_mtime + 10)
    assert half.exists()
    receiver.spool.clear_leftovers(half.stat().st_mtime + 100_000)
    assert list(folder.iterdir()) == []
