"""Texts to people: what may stand in them, and how they are filled in."""

import pytest

from backend.errors import BadInput
from backend.policy import replies
from backend.policy.replies import LANGUAGES, TEMPLATES, Text, checked, filled, shipped

ALL = {
    "organisation": "Acme",
    "subject": "Hi",
    "date": "2026-03-02",
    "verdict": "Bad.",
    "reasons": "- a",
    "link": "x",
    "problem": "p",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_text_that_is_shipped_would_be_accepted(template, language):
    text = shipped(template, language)
    assert checked(template, language, text.subject, text.body) == text
    sent = filled(text, ALL)
    assert "{" not in sent.subject + sent.body
    assert len(sent.body) > 50


@pytest.mark.parametrize(
    ("subject", "body", "said"),
    [
        ("", "x", "subject"),
        ("x", "  ", "subject"),
        ("x" * (replies.LONGEST_SUBJECT + 1), "x", "at most"),
        ("x", "x" * (replies.LONGEST_BODY + 1), "at most"),
        ("x", "hello {name}", r"\{name\} is no placeholder"),
        ("{Link}", "x", r"\{Link\} is no placeholder"),
        ("x", "{}", r"\{\} is no placeholder"),
        ("x\nBcc: y", "x", "plain text"),
        ("x", "hid\u202eden", "plain text"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason(subject, body, said):
    with pytest.raises(BadInput, match=said):
        checked("none", "en", subject, body)


@pytest.mark.parametrize(("template", "language"), [("nothing", "en"), ("none", "xx"), ("../policy", "en")])
def test_there_are_only_the_texts_there_are(template, language):
    with pytest.raises(BadInput, match="no such text"):
        checked(template, language, "x", "x")


def test_a_line_without_its_value_is_left_out():
    text = Text("About {subject}", "Hello.\n\n{reasons}\n\nSee {link}\n\nBye")
    assert filled(text, {"subject": "Hi"}) == Text("About Hi", "Hello.\n\nBye\n")


def test_what_is_filled_in_is_never_looked_at_again():
    assert filled(Text("{subject}", "{subject}"), {**ALL, "subject": "{link}"}) == Text("{link}", "{link}\n")
