"""Linear searches: does a mail that makes a search begin again at each of its letters cost more than its length?

Where one does, the mail below would take from minutes to days, not a little longer.
"""

import pytest
from mail_builders import html_mail, mail

from model.message import caps
from model.message.links import addresses_in_text
from model.message.parse import parse_message

LONG = caps.HEADER_VALUE_BYTES - 1_000
V3 = "https://urldefense.com/{}" + "/v3/__" * 650 + "__;" * 1_200


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "raw",
    [
        mail("https://hidden.example/" + ")" * 1_900_000),
        html_mail(f"<p style='opacity:{'0' * 1_500_000}1'>x"),
        html_mail("".join(f"<a href='{V3.format(n)}'>x</a>" for n in range(1_500))),
        mail(From="a" * LONG, To="a" * LONG, Cc="a" * LONG),
        mail(From=f"x@y.example <{' ' * LONG}<,", To=f"x@y.example <{' ' * LONG}<,"),
    ],
    ids=["brackets", "zeros", "wrappers", "no address", "blanks"],
)
def test_a_mail_that_is_gone_over_again_and_again_is_read_all_the_same(raw):
    assert parse_message(raw).size == len(raw)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("(see https://a.example/x).", "https://a.example/x"),
        ("https://a.example/x_(y)", "https://a.example/x_(y)"),
        ("https://a.example/x_(y)).).", "https://a.example/x_(y)"),
        ("https://a.example/(x", "https://a.example/(x"),
    ],
)
def test_closing_brackets_that_were_opened_before_the_address_are_not_of_it(text, address):
    assert addresses_in_text(text) == [address]


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("opacity: 1", True),
        ("opacity:0.5", True),
        ("opacity:.5", True),
        ("opacity:0", False),
        ("opacity: 0.00", False),
        ("opacity : .0", False),
    ],
)
def test_only_what_cannot_be_seen_is_hidden(style, shown):
    facts = parse_message(html_mail(f"<p>seen</p><p style='{style}'>Your account is locked</p>"))

    assert ("Your account is locked" in facts.text) is shown


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("Ana, x <ana@sender.example> ", "Ana, x", "ana@sender.example"),
        ("Ana \\ <ana@sender.example", "Ana \\", "ana@sender.example"),
        ("Ana \\ @sender.example ana@sender.example", "Ana \\ @sender.example", "ana@sender.example"),
    ],
)
def test_an_unusual_sender_is_who_stands_between_the_last_brackets(written, name, address):
    found = parse_message(mail(From=written)).from_[-1]

    assert (found.name, found.address) == (name, address)
