"""Likeness: what a sender writes into a header never stops a look, and never makes it find what is not meant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import Refused
from connectors.gmail.query import query_like
from connectors.likeness import Like, addresses, decoded
from connectors.maildir.looking import said
from connectors.outlook.looking import first

NOON = datetime(2026, 3, 10, 12)
LIKE = Like("billing@phish.example", "Your Invoice!", NOON - timedelta(days=1), NOON, 10)


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("=?utf-8?q?=C3=9Cberf=C3=A4llig?= now", "\u00dcberf\u00e4llig now"),
        ("=?iso-2022-jp?b?GyRCQEE1YT1xGyhC?=", "\u8acb\u6c42\u66f8"),
        ("=?no-such-charset?q?invoice?=", "invoice"),
        ("=?utf-8?b?!!!?= now", " now"),
        ("=?utf-8?q?=FF=FE?=", "\ufffd\ufffd"),
        ("plain", "plain"),
        ("x" * 9_000, "x" * 4_000),
    ],
)
def test_a_header_is_read_however_it_is_written(header, read):
    assert decoded(header) == read


@pytest.mark.parametrize("header", ["((((" * 2_000, "<a@[>", '"', "a@b, <", "=?utf-8?b?" * 400])
def test_no_header_is_an_exception(header):
    decoded(header)
    addresses(header)
    assert isinstance(said(f"From: {header}\nSubject: {header}\n".encode()), tuple)


def test_folded_and_repeated_headers_count_together():
    assert said(b"From: A\r\n <a@b.example>\r\nX: 1\r\nSubject: your\r\n\tinvoice\r\nSubject: 77") == (
        "A <a@b.example>",
        "your invoice 77",
    )


def test_a_mail_fits_by_its_whole_address_and_all_its_words():
    assert LIKE.fits("Billing <BILLING@phish.example>", "re: your overdue invoice")
    assert not LIKE.fits("billing@phish.example.org", "your invoice")
    assert not LIKE.fits("billing@phish.example", "your bill")


def test_both_ends_of_the_time_belong_to_it():
    ends = [at.replace(tzinfo=UTC).timestamp() for at in (LIKE.since, LIKE.until)]
    assert [LIKE.came(at) for at in (*ends, ends[0] - 1, ends[1] + 1)] == [True, True, False, False]


def test_gmail_is_asked_for_plain_words_and_plain_addresses_only():
    assert (
        query_like(LIKE) == "from:billing@phish.example subject:your subject:invoice after:1773057599 before:1773144001"
    )
    hostile = replace(LIKE, sender="a@b.example OR in:sent", subject='"} -x {(')
    assert query_like(hostile).startswith("subject:x after:")


def test_what_leaves_nothing_to_search_for_is_refused():
    empty = replace(LIKE, sender="", subject="\u2026 !!!")
    for ask in (query_like, lambda like: first("ana", like)):
        with pytest.raises(Refused):
            ask(empty)
