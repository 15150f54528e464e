"""Collector: does it leave mails alone, and what is loaded?"""

import gc

import pytest
from mail_builders import html_mail

from model import collector
from model.message.parse import parse_message

MAIL = html_mail("<p>Hello</p>" + "".join(f"<a href='https://h{number}.example/'>x</a>" for number in range(20)))


@pytest.fixture
def _as_before():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def collections(mails):
    before = sum(generation["collections"] for generation in gc.get_stats())
    kept = [parse_message(MAIL) for _ in range(mails)]
    return len(kept) and sum(generation["collections"] for generation in gc.get_stats()) - before


@pytest.mark.usefixtures("_as_before")
def test_a_batch_of_mails_is_read_without_a_collection():
    assert collections(128) > 0

    collector.spare()

    assert collections(128) == 0
    assert gc.get_freeze_count() > 10_000
