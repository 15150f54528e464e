"""Maildir headers: is a copy found however its header block is written?"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Wanted
from connectors.maildir.headers import identity, may_be
from connectors.maildir.index import Index
from mailboxes.contract import ANA, BEN, SENT_AT, mail, wanted
from mailboxes.worlds import MaildirWorld


@pytest.fixture
def world(tmp_path: Path) -> MaildirWorld:
    return MaildirWorld(tmp_path / "mail")


@pytest.mark.parametrize(
    "header",
    [
        b"Message-ID: <1@phish.example>",
        b"message-id:<1@phish.example>",
        b"MESSAGE-ID: <1@PHISH.example>",
        b"Message-Id:\r\n  <1@phish.example>",
        b"Message-ID: 1@phish.example",
        b"Message-ID : <1@phish.example> (added by a relay)",
        b"Message-ID: <1@phish.\r\n example>",
        b"Message-ID: <0@other.example>\r\nMessage-ID: <1@phish.example>",
        b"Message-ID: <0@other.example> <1@phish.example>",
        b"X-Padding: " + b"x" * 200_000 + b"\r\nMessage-ID: <1@phish.example>",
    ],
)
@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"])
def test_an_id_is_read_however_it_is_written(world: MaildirWorld, header: bytes, ending: bytes) -> None:
    raw = (b"Received: from x\r\n" + header + b"\r\nSubject: x\r\n\r\nbody\r\n").replace(b"\r\n", ending)
    copy = world.deliver(ANA, raw)
    assert [found.id for found in world.mailboxes.find(ANA, wanted())] == [copy.id]


def test_only_the_header_block_counts(world: MaildirWorld) -> None:
    world.deliver(ANA, b"Subject: x\n\nMessage-ID: <1@phish.example>\n")
    world.deliver(ANA, b"Subject: x\r\n\r\nMessage-ID: <1@phish.example>\r\n")
    assert world.mailboxes.find(ANA, wanted()) == []


@pytest.mark.parametrize("size", range(16_374, 16_392))
def test_an_end_that_falls_between_two_reads_is_seen(world: MaildirWorld, size: int) -> None:
    start = b"X: " + b"x" * (size - 3)
    world.deliver(ANA, start + b"\r\n\r\nMessage-ID: <1@phish.example>\r\n\r\n")
    copy = world.deliver(ANA, start + b"\r\nMessage-ID: <1@phish.example>\r\n\r\n")
    assert [found.id for found in world.mailboxes.find(ANA, wanted())] == [copy.id]


@pytest.mark.parametrize("wanted_id", ["1@phish.example", "<1@PHISH.EXAMPLE>", " <1@phish.example>\r\n"])
def test_the_wanted_id_may_be_written_in_any_way(world: MaildirWorld, wanted_id: str) -> None:
    copy = world.deliver(ANA, mail())
    assert [found.id for found in world.mailboxes.find(ANA, wanted(wanted_id))] == [copy.id]


@given(st.text(min_size=1, max_size=40))
def test_an_id_is_the_same_in_every_encoding(text: str) -> None:
    plain = "".join(char for char in text if char not in "\r\n") + "@x"
    replaced = plain.encode("utf-8", "replace").decode("ascii", "replace")
    assert may_be(identity(b"Message-ID: <" + plain.encode("utf-8", "replace") + b">"), Wanted(replaced, "", None))


@given(st.binary(max_size=300))
def test_reading_never_fails(block: bytes) -> None:
    assert identity(block).keys()


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026", "Mon, 02 Mar 99999999999 10:00:00 +0000"])
def test_an_unreadable_date_fits_a_message_without_one(date: str) -> None:
    found = identity(f"From: billing@phish.example\nDate: {date}".encode())
    assert may_be(found, Wanted("", "billing@phish.example", None))
    assert not may_be(found, Wanted("", "billing@phish.example", SENT_AT))


def test_times_with_and_without_a_zone_are_the_same(world: MaildirWorld) -> None:
    world.deliver(ANA, mail(""))
    for sent_at in (SENT_AT, SENT_AT.replace(tzinfo=UTC), datetime.fromisoformat("2026-03-02T10:30:15+01:00")):
        assert len(world.mailboxes.find(ANA, Wanted("", "Billing@phish.example", sent_at))) == 1


def test_a_second_search_finds_what_came_and_moved_since(world: MaildirWorld) -> None:
    first = world.deliver(ANA, mail())
    assert len(world.mailboxes.find(ANA, wanted())) == 1
    world.owner_moves(first, ".Work")
    second = world.deliver(ANA, mail())
    assert {(found.id, found.folder) for found in world.mailboxes.find(ANA, wanted())} == {
        (first.id, ".Work"),
        (second.id, ""),
    }


def test_the_index_forgets_the_mailbox_searched_longest_ago() -> None:
    index = Index(limit=3)
    index.remember(ANA, {1: (1,), 2: (2,)})
    index.remember(BEN, {3: (3,)})
    assert index.keys(ANA)
    index.remember(BEN, {3: (3,), 4: (4,)})
    assert not index.keys(ANA)
    assert set(index.keys(BEN)) == {3, 4}
