"""Told: how is what was found out about a grant said in the viewer's language?"""

from datetime import datetime

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from backend.domain.finding import Heard, Said, Words, sentence
from backend.web.languages import day
from backend.web.stored import stored

# What is looked at and has no name of the provider's own.
THINGS = {
    "access": _("access"),
    "add-in": _("add-in"),
    "add-on": _("add-on"),
    "administrator": _("administrator"),
    "answers": _("answers"),
    "certificate": _("certificate"),
    "client secret": _("client secret"),
    "delegation": _("delegation"),
    "directory": _("directory"),
    "key": _("key"),
    "Google": "Google",
    "Microsoft": "Microsoft",
}


def thing(what: str) -> str:
    """The word for what was looked at; permissions and scopes keep the provider's."""
    return str(THINGS.get(what, what))


def told(words: Words) -> str:
    """What an administrator is told, sentence after sentence."""
    return " ".join(sentence(_part(one)) if isinstance(one, Heard) else _part(one) for one in words)


def purpose(said: Said) -> str:
    """What a right is needed for."""
    return _part(said)


def _part(value: str | int | datetime | Said | Heard) -> str:
    if isinstance(value, Said):
        return gettext(value.sentence, **{name: _part(one) for name, one in value.values.items()})
    if isinstance(value, Heard):
        return stored(value.text)
    return day(value) if isinstance(value, datetime) else str(value)
