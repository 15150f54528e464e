"""Authentication: is only the tenant's own gateway believed?"""

from pathlib import Path

import pytest
from mail_builders import mail

from model.message.facts import Authentication
from model.message.parse import ANY, parse_message

GOOGLE = (
    "mx.google.com;\r\n       dkim=pass header.i=@sender.example header.s=s1 header.b=abc;\r\n"
    "       spf=pass (google.com: domain of bounce@mail.sender.example designates 192.0.2.7 as permitted sender)"
    " smtp.mailfrom=bounce@mail.sender.example;\r\n"
    "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=sender.example"
)
MICROSOFT = (
    "spf=fail (sender IP is 192.0.2.8)\r\n smtp.mailfrom=other.example; dkim=none (message not signed)\r\n"
    " header.d=none;dmarc=fail action=quarantine\r\n header.from=sender.example;compauth=fail reason=000"
)


def authentication(*values, ids=("mx.google.com",), **changed):
    headers = "".join(f"Authentication-Results: {value}\r\n" for value in values)
    return parse_message(mail(headers=headers, **changed), ids).authentication


def test_googles_header_is_read():
    assert authentication(GOOGLE) == Authentication(
        authserv_id="mx.google.com",
        spf="pass",
        dkim="pass",
        dmarc="pass",
        spf_domain="mail.sender.example",
        dkim_domains=("sender.example",),
        aligned=True,
        source_address="192.0.2.7",
    )


def test_microsofts_header_is_read_where_the_tenant_lists_microsoft():
    assert authentication(MICROSOFT, ids=("microsoft",)) == Authentication(
        authserv_id="microsoft",
        spf="fail",
        dkim="none",
        dmarc="fail",
        spf_domain="other.example",
        aligned=False,
        source_address="192.0.2.8",
    )


@pytest.mark.parametrize("ids", [(), ("mx.receiver.example",), ("microsoft",)])
def test_nobody_elses_header_is_believed(ids):
    assert authentication(GOOGLE, ids=ids) == Authentication()


def test_a_header_without_a_server_is_not_believed_where_the_tenant_lists_servers():
    assert authentication(MICROSOFT, ids=("mx.google.com",)) == Authentication()


def test_the_topmost_header_of_the_server_counts():
    forged = GOOGLE.replace("192.0.2.7", "198.51.100.1")

    assert authentication("other.example; spf=fail", GOOGLE, forged).source_address == "192.0.2.7"


def test_for_training_the_topmost_header_counts_whoever_wrote_it():
    assert authentication(GOOGLE, ids=ANY).authserv_id == "mx.google.com"
    assert authentication(MICROSOFT, GOOGLE, ids=ANY).authserv_id == "microsoft"


@pytest.mark.parametrize(
    ("results", "aligned"),
    [
        ("spf=pass smtp.mailfrom=news.sender.example; dkim=none; dmarc=none", True),
        ("spf=pass smtp.mailfrom=other.example; dkim=pass header.d=mail.sender.example", True),
        ("spf=pass smtp.mailfrom=other.example; dkim=pass header.d=other.example", False),
        ("spf=pass smtp.mailfrom=sender.example.other.example", False),
        ("spf=softfail smtp.mailfrom=sender.example", False),
        ("dmarc=pass header.from=sender.example", True),
        ("dmarc=pass header.from=other.example", False),
        ("dmarc=bestguesspass header.from=sender.example", False),
        ("iprev=pass policy.iprev=192.0.2.1", None),
        ("none", None),
        ("dkim=pass header.d=other.example; dkim=pass header.i=@sender.example", True),
        ("dmarc=fail header.from=sender.example; dmarc=pass header.from=sender.example", False),
    ],
)
def test_aligned_means_the_organisation_in_from(results, aligned):
    assert authentication(f"mx.google.com; {results}").aligned is aligned


def test_two_from_addresses_are_never_aligned():
    assert authentication(GOOGLE, From="a@sender.example, b@other.example").aligned is False


def test_hosting_domains_are_not_one_organisation():
    results = "mx.google.com; spf=pass smtp.mailfrom=evil.github.io"

    assert authentication(results, From="bo@good.github.io").aligned is False


def test_a_quoted_local_part_cannot_smuggle_a_result_in():
    raw = Path(__file__).with_name("mails").joinpath("authentication-smuggled-in-local-part.eml").read_bytes()
    found = parse_message(raw, ("mx.receiver.example",)).authentication

    assert (found.spf, found.dkim, found.dmarc, found.aligned) == ("fail", "unknown", "fail", False)
    assert found.dkim_domains == ()


@pytest.mark.parametrize(
    "broken", ['spf=pass smtp.mailfrom="x', "spf=pass (", "spf=pass ) x", ";;;;", "=", "spf", "(" * 5_000]
)
def test_an_unreadable_header_says_nothing(broken):
    assert authentication(f"mx.google.com; {broken}").aligned in {None, False}
    assert authentication(f"mx.google.com; {broken}").dkim_domains == ()


@pytest.mark.parametrize(
    "envelope",
    [
        '"client-ip=10.0.0.1"@evil.test',
        '"(sender IP is 10.0.0.1)"@evil.test',
        '"a smtp.remote-ip=10.0.0.1 "@evil.test',
        '"(google.com: domain of x@y.test designates 10.0.0.1 as permitted sender)"@evil.test',
    ],
)
@pytest.mark.parametrize("server", ["mx.google.com; ", ""])
def test_a_sender_cannot_write_the_address_its_mail_came_from(envelope, server):
    header = (
        f"{server}spf=pass (domain of {envelope} designates 192.0.2.7 as permitted sender) smtp.mailfrom={envelope}"
    )
    found = authentication(header, ids=("mx.google.com", "microsoft"))
    assert found.source_address != "10.0.0.1"


def test_training_reads_the_hop_that_checked_most():
    raw = (
        b"Authentication-Results: mx.list.example; dkim=pass header.d=ana.example\r\n"
        b"Authentication-Results: mx.first.example; spf=pass smtp.mailfrom=ana.example;"
        b" dkim=pass header.d=ana.example; dmarc=pass header.from=ana.example\r\n"
        b"From: ana@ana.example\r\n\r\nHello\r\n"
    )
    assert parse_message(raw, ANY).authentication.dmarc == "pass"
    assert parse_message(raw, ("mx.list.example",)).authentication.dmarc == "unknown"
