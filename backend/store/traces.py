"""Traces: where does a text name this person, and what does it say without them? Pure; no I/O.

An address is found as it is, percent-encoded and in Base64, because phishing links carry it so, and at the end of a
longer one (bounce-ana@example.org), unless that is the address of somebody else whom we know. A name counts in running
text only when it has at least two words (or three characters in a script without spaces): blanking every "will" or
"max" of a tenant would erase more than one person.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from backend.store.words import is_unspaced, pairs, runs

SHORTEST_SUBJECT = 8  # a provider subject below that, such as "7", would be found everywhere


@dataclass(frozen=True)
class Traces:
    """What a person is known by, and the mark that takes its place."""

    mark: str
    addresses: tuple[str, ...]  # also mailboxes, lower-cased
    name: str
    subject: str
    others: tuple[str, ...] = ()  # other people's addresses that end like these

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """Every way to write them that a search for rows must look for, lower-cased as SQL's lower() does."""
        said = [form for address in self.addresses for form in (address, *_percent(address), *_base64(address))]
        words = [phrase for text in self._spoken for phrase in (_phrase(text),) if phrase]
        cases = [case for text in (*said, *self._spoken) for case in (text, text.lower(), text.upper(), text.title())]
        return tuple(sorted({_ascii_lower(form) for form in (*cases, *words) if form}))

    def clean_text(self, text: str) -> str:
        """The text with the mark in their place."""
        return self._pattern.sub(lambda found: found["other"] or self.mark, text)

    def clean(self, value: Any) -> Any:
        """JSON with the mark in their place; beside their address, whatever name is given there goes as well."""
        if isinstance(value, str):
            return self.clean_text(value)
        if isinstance(value, list):
            return [self.clean(item) for item in value]
        if isinstance(value, Mapping):
            cleaned = {self.clean_text(str(key)): self.clean(item) for key, item in value.items()}
            if str(value.get("address", "")).lower() in self.addresses and value.get("name"):
                cleaned["name"] = self.mark
            return cleaned
        return value

    def clean_words(self, words: str) -> str:
        """A search document, whose words are cut and folded, without them."""
        others = [rf"(?<!\S){re.escape(_phrase(other))}(?!\S)" for other in self.others]
        spoken = [rf"(?<!\S){re.escape(phrase)}(?!\S)" for text in self._spoken if (phrase := _phrase(text))]
        codes = [rf"\S*{re.escape(code.lower())}\S*" for address in self.addresses for code in _base64(address)]
        return _any_of(others, [*spoken, *codes]).sub(lambda found: found["other"] or "erased", words)

    @property
    def _spoken(self) -> tuple[str, ...]:
        """What running text may hold: addresses in both spellings, the full name, the provider's subject."""
        full = len(self.name.split()) > 1 or (len(self.name) > 2 and is_unspaced(self.name))
        subject = self.subject if len(self.subject) >= SHORTEST_SUBJECT else ""
        encoded = [form for address in self.addresses for form in _percent(address)]
        return tuple(form for form in (*self.addresses, *encoded, self.name if full else "", subject) if form)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Not in the middle of a word, but after a percent-encoding: u%3Dana@example.org.
        before = r"(?:(?<![^\W_])|(?<=%[0-9A-Fa-f]{2}))"
        spoken = [rf"{before}{_loosely(form)}(?![A-Za-z0-9-])" for form in self._spoken]
        if is_unspaced(self.name) and len(self.name) > 2:
            spoken.append(re.escape(self.name))  # no spaces, no boundaries
        codes = [re.escape(code) for address in self.addresses for code in _base64(address)]
        return _any_of([rf"(?<![\w.+-]){re.escape(other)}(?![A-Za-z0-9-])" for other in self.others], [*spoken, *codes])


def json_form(form: str) -> str:
    """How a form stands in a JSON column."""
    return json.dumps(form)[1:-1].lower()


def _any_of(others: Sequence[str], wanted: Sequence[str]) -> re.Pattern[str]:
    """Finds whichever begins first, the longest if several do; `other` is what is not to be touched."""
    nothing = r"(?!)"
    other = "|".join(sorted(others, key=len, reverse=True)) or nothing
    them = "|".join(sorted(set(wanted), key=len, reverse=True)) or nothing
    return re.compile(f"(?P<other>{other})|(?:{them})", re.IGNORECASE)


def _loosely(form: str) -> str:
    """Line breaks and repeated spaces between the words of a name make no difference."""
    return r"\s+".join(re.escape(word) for word in form.split())


def _percent(address: str) -> tuple[str, ...]:
    return tuple({quote(address, safe=""), address.replace("@", "%40")})


def _base64(address: str) -> tuple[str, ...]:
    """The part of the Base64 form that does not depend on what comes after the address."""
    whole = base64.b64encode(address.encode())[: len(address.encode()) // 3 * 4].decode()
    return tuple({whole, whole.replace("+", "-").replace("/", "_")}) if len(whole) >= 12 else ()


def _phrase(text: str) -> str:
    """The words that a search document holds for the text, open at the end as a query is."""
    found = list(runs(text))
    return " ".join([word for run in found[:-1] for word in pairs(run)] + pairs(found[-1], last=False)) if found else ""


def _ascii_lower(text: str) -> str:
    return "".join(character.lower() if character.isascii() else character for character in text)
