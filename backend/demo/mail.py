"""Mail: what lies in the demo's mailboxes on the first day?"""

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from shutil import rmtree
from typing import Any
from urllib.parse import quote

from backend.demo.people import MAILBOXES, DemoPerson
from connectors.maildir.deliver import deliver

PHISH_LINK = "http://webmail-example-org.quota-renewal.example/signin/verify.php?s=4471"
WRAPPED_LINK = f"https://eur01.safelinks.protection.outlook.com/?url={quote(PHISH_LINK, safe='')}&amp;reserved=0"


@dataclass(frozen=True)
class Delivery:
    """One copy as it is to lie in a Maildir. No flags means delivered and not yet seen by a mail client."""

    person: DemoPerson
    folder: str
    flags: str
    raw: bytes


def deliver_all(root: Path, now: datetime) -> list[str]:
    """Make the mailboxes that are not there yet, each complete or not at all. Returns the addresses made."""
    made = []
    for person in MAILBOXES:
        home = root / person.address
        if home.exists():
            continue
        aside = root / ".unfinished"
        rmtree(aside, ignore_errors=True)
        for mail in deliveries(now):
            if mail.person == person:
                deliver(aside, person.address, mail.raw, mail.folder, mail.flags)
        (aside / person.address).rename(home)
        aside.rmdir()
        made.append(person.address)
    return made


def deliveries(now: datetime) -> Iterator[Delivery]:
    """Every copy that deliveries.toml describes, sent so many hours before `now` (UTC)."""
    people = {person.key: person for person in MAILBOXES}
    for mail in _listed():
        sent = now.replace(tzinfo=UTC) - timedelta(hours=mail["hours"])
        for copy in mail["copies"]:
            person = people[copy["to"]]
            raw = _written(mail["file"], person, sent, wrapped=copy.get("wrapped", False))
            yield Delivery(person, copy.get("folder", ""), copy.get("flags", ""), raw)


@cache
def _listed() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = tomllib.loads(files("backend.demo").joinpath("deliveries.toml").read_text())["mail"]
    return listed


def _written(name: str, person: DemoPerson, sent: datetime, *, wrapped: bool) -> bytes:
    """The mail with its recipient and date filled in, as a mail server would write it to disk."""
    text = files("backend.demo").joinpath("mails", f"{name}.eml").read_text(encoding="utf-8")
    words = {
        "@TO@": person.address,
        "@NAME@": person.key.capitalize(),
        "@DATE@": format_datetime(sent),
        "@ID@": hashlib.sha256(f"{name} {person.key} {sent}".encode()).hexdigest()[:10],
        "@LINK@": WRAPPED_LINK if wrapped else PHISH_LINK,
    }
    for word, meant in words.items():
        text = text.replace(word, meant)
    return text.encode()
