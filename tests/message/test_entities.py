"""Entities: what does a character's number stand for, however it is written?"""

import pytest
from mail_builders import html_mail

from model.message.entities import unescaped
from model.message.parse import parse_message
from model.message.unwrap import unwrap_once


@pytest.mark.timeout(30)
def test_a_character_with_thousands_of_digits_is_no_character():
    body = f"<a href='https://hidden.example/?u=&#{'9' * 5_000};'>x</a><p>&#{'1' * 300_000};here"

    facts = parse_message(html_mail(body))

    assert "here" in facts.text
    assert facts.links[0].host == "hidden.example"


def test_a_wrapped_address_with_thousands_of_digits_is_read():
    wrapped = f"https://nam.safelinks.protection.outlook.com/?url=https%3A%2F%2Fhidden.example&x=&#{'9' * 5_000};"

    assert unwrap_once(wrapped, "nam.safelinks.protection.outlook.com") == "https://hidden.example"


@pytest.mark.parametrize(
    ("written", "read"),
    [("&#104;", "h"), ("&#0000104;", "h"), (f"&#{'0' * 5_000}104;", "h"), ("&#104", "h"), ("&#0;", "\ufffd")],
)
def test_zeros_before_a_characters_number_hide_nothing(written, read):
    assert unescaped(written) == read
