"""Spelled: how are numbers, times, addresses and strange letters written for people?"""

import re
from datetime import datetime, timedelta

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from backend.web.languages import decimal


def signed(number: float) -> str:
    """A margin as people write it, with a real minus."""
    rounded = round(abs(number), 1)
    sign = "" if rounded == 0 else "+" if number > 0 else "\N{MINUS SIGN}"
    return sign + decimal(rounded)


def percent(share: float) -> str:
    """A share in percent, never rounded up to a hundred that it is not."""
    tenths = int(share * 1000)
    return f"{decimal(tenths / 10, digits=1 if tenths % 10 else 0)}\N{NO-BREAK SPACE}%"


def ago(time: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that is at least one."""
    seconds = int((now - time) / timedelta(seconds=1))
    if seconds >= 86400:
        return gettext("%(n)s d ago", n=seconds // 86400)
    if seconds >= 3600:
        return gettext("%(n)s h ago", n=seconds // 3600)
    if seconds >= 60:
        return gettext("%(n)s min ago", n=seconds // 60)
    return gettext("just now")


_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?%?")

_SCHEME = re.compile(r"^\s*([a-zA-Z][a-zA-Z0-9+.\-]*):(?! )(//)?([^/?#]*)(.*)$", re.DOTALL)  # "for: words" is none


def defang(url: str, longest: int = 500) -> str:
    """An address that no program and no hasty click can follow."""
    url = "".join(letter for letter in url if letter.isprintable())[:longest]
    match = _SCHEME.match(url)
    if match is None:
        return url if _NUMBER.fullmatch(url) else url.replace(".", "[.]")
    scheme, slashes, host, rest = match.groups()
    if scheme.lower() in ("http", "https"):
        shown = re.sub("^htt", "hxx", scheme.lower())
        return f"{shown}:{slashes or ''}{host.replace('.', '[.]')}{rest}"
    return f"{scheme}[:]{slashes or ''}{host.replace('.', '[.]')}{rest}"


def count(number: float) -> str:
    """A whole number, its thousands told apart."""
    return decimal(round(number), digits=0)


def span(seconds: float) -> str:
    """A waiting time in the unit that people think in."""
    for length, unit in ((86_400, _("%(n)s d")), (3600, _("%(n)s h")), (60, _("%(n)s min"))):
        if seconds >= length:
            return str(unit) % {"n": count(seconds / length)}
    return gettext("%(n)s s", n=decimal(seconds, digits=0 if seconds >= 10 or seconds == int(seconds) else 1))


def visible(text: object) -> str:
    """A text in which nothing hides: what has no shape, or turns the order of letters round, is shown by its number."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else " " if letter.isspace() else f"[U+{ord(letter):04X}]"
        for letter in str(text)
    )


def size(octets: int) -> str:
    """A size for people."""
    if octets < 1000:
        return ngettext("%(num)s byte", "%(num)s bytes", octets)
    return f"{octets / 1000:.0f} kB" if octets < 1_000_000 else f"{decimal(octets / 1_000_000)} MB"
