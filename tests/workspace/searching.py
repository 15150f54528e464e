"""Searching: which mails does a Gmail query find? The operators that Unhook uses, and those an attacker might add."""

import re
import time
from email.header import decode_header, make_header

from workspace.store import Box, Mail

_WORD = re.compile(r'"[^"]*"|[(){}]|[^\s(){}"]+')


def search(box: Box, query: str, include_spam_trash: bool) -> list[Mail]:
    """The mails that fit, newest first. As in Gmail, terms are all needed, braces and OR mean any, `-` means not."""
    terms = _WORD.findall(query)
    mails = [mail for mail in box.mails.values() if include_spam_trash or not mail.labels & {"SPAM", "TRASH"}]
    if terms:
        mails = [mail for mail in mails if mail.indexed and _fits(mail, terms)]
    return sorted(mails, key=lambda mail: (mail.received, mail.id), reverse=True)


def _fits(mail: Mail, terms: list[str]) -> bool:
    any_of = "OR" in terms or "{" in terms
    told = [_term(mail, term) for term in terms if term not in {"OR", "AND", "(", ")", "{", "}"}]
    return any(told) if any_of else all(told)


def _term(mail: Mail, term: str) -> bool:
    if term.startswith("-"):
        return not _term(mail, term[1:])
    name, _, value = term.partition(":")
    if name == "rfc822msgid":
        return value.strip("<>") in {one.strip().strip("<>") for one in mail.all("message-id")}
    if name == "from":
        return any(value.lower() in one.lower() for one in mail.all("from"))
    if name == "subject":
        return value.lower() in re.findall(r"\w+", " ".join(map(_read, mail.all("subject"))).lower())
    if name in {"after", "before"}:
        return mail.received >= float(value) if name == "after" else mail.received < float(value)
    if name == "newer_than":
        return mail.received >= time.time() - float(value.rstrip("d")) * 86_400
    if name in {"in", "label"}:
        return value.upper() == "ANYWHERE" or value.upper() in mail.labels
    return term.strip('"').lower() in mail.raw.decode("latin-1").lower()


def _read(header: str) -> str:
    return str(make_header(decode_header(header)))
