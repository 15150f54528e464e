"""Replies: which texts are sent to people, what may stand in them, and how are they filled in? Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from backend.errors import BadInput

LANGUAGES = ("en", "de")
TEMPLATES = (
    "retracted",
    "malicious",
    "suspicious",
    "spoof",
    "spam",
    "bulk",
    "none",
    "simulation",
    "team-received",
    "team-verdict",
    "invalid",
)
PLACEHOLDERS = ("organisation", "subject", "date", "verdict", "reasons", "link", "problem")
LONGEST_SUBJECT = 150
LONGEST_BODY = 4000
_GAP = re.compile(r"\{([^{}\n]{0,60})\}")


@dataclass(frozen=True)
class Text:
    """A mail's subject and body, with placeholders such as {link}."""

    subject: str
    body: str


@cache
def shipped(template: str, language: str) -> Text:
    """The text that Unhook brings; the first line of its file is the subject."""
    subject, _, body = (
        files("backend.policy").joinpath(f"replies/{language}/{template}.txt").read_text().partition("\n")
    )
    return Text(subject, body.strip("\n"))


def checked(template: str, language: str, subject: str, body: str) -> Text:
    """A tenant's own text. Raises BadInput that says what is wrong with it."""
    if template not in TEMPLATES or language not in LANGUAGES:
        raise BadInput("There is no such text.")
    subject, body = subject.strip(), body.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not subject or not body:
        raise BadInput("Give it a subject and a text.")
    if len(subject) > LONGEST_SUBJECT or len(body) > LONGEST_BODY:
        raise BadInput(
            "A subject has at most %(subject)s characters, a text %(body)s.", subject=LONGEST_SUBJECT, body=LONGEST_BODY
        )
    if not subject.isprintable() or not all(line.replace("\t", " ").isprintable() for line in body.split("\n")):
        raise BadInput("Write plain text: there are characters in it that cannot be seen.")
    unknown = [name for name in _GAP.findall(f"{subject}\n{body}") if name not in PLACEHOLDERS]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise BadInput("{%(name)s} is no placeholder. There are these: %(known)s.", name=unknown[0], known=known)
    return Text(subject, body)


def filled(text: Text, values: Mapping[str, str]) -> Text:
    """The text with its placeholders filled in. A line that asks for something there is nothing of is left out."""
    lines = [_filled(line, values) for line in text.body.split("\n") if _has_all(line, values)]
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"
    return Text(" ".join(_filled(text.subject, values).split()), body)


def _has_all(line: str, values: Mapping[str, str]) -> bool:
    return all(values.get(name) for name in _GAP.findall(line))


def _filled(line: str, values: Mapping[str, str]) -> str:
    """In one go, so that what is filled in is never looked at again."""
    return _GAP.sub(lambda gap: values.get(gap[1], ""), line)
