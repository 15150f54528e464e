"""Log words: what does a line of the audit log say of a deed, beyond its name?"""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from backend.domain.decision import Response
from backend.domain.operation import Deed
from backend.policy.settings import NO_ACTION
from backend.web.list_words import TRIAGE
from backend.web.spelled import visible
from backend.web.vocabulary import (
    ACTIONS,
    DISPOSITIONS,
    LISTS,
    NO_ACTION_WORDS,
    PDR,
    PSR,
    RETRACTIONS,
    ROLES,
    SAYS,
    WHY,
)

_NAMES = {
    "action": _("Action"),
    "before": _("Before"),
    "campaign": _("Campaign"),
    "copies": _("Copies"),
    "days": _("Days"),
    "decision": _("Decision"),
    "deed": _("What was ordered"),
    "disposition": _("Disposition"),
    "entries": _("Entries"),
    "form": _("Format"),
    "found": _("Found"),
    "hard_delete_confirmed": _("Hard delete confirmed"),
    "judged": _("Judged"),
    "kind": _("Kind"),
    "kinds": _("Kinds"),
    "label": _("Label"),
    "labels": _("Labels"),
    "lost": _("Not brought back"),
    "mailboxes": _("Mailboxes"),
    "message": _("Message"),
    "messages": _("Messages"),
    "pdr": _("Post Delivery Response"),
    "psr": _("Phish Submission Response"),
    "remaining": _("Copies left"),
    "reporter_names": _("Names of reporters"),
    "response": _("Response"),
    "restored": _("Restored"),
    "retracted": _("Retracted"),
    "role": _("Role"),
    "says": _("It says"),
    "scopes": _("Scopes"),
    "sessions": _("Sessions"),
    "simulation": _("Exercise"),
    "state": _("State"),
    "submission": _("Submission"),
    "value": _("As"),
    "version": _("Version"),
    "way": _("Way"),
    "why": _("Why"),
    "wrong": _("Wrong"),
}
_ACTIONS = {**{code: said for known in ACTIONS.values() for code, said in known.items()}, NO_ACTION: NO_ACTION_WORDS}
_RESPONSES = {
    Response.NOTHING: _("Nothing"),
    Response.WOULD_RETRACT: _("Would have retracted"),
    Response.RETRACT: _("Retract"),
}
_DEEDS = {
    Deed.JUDGE: _("Judge"),
    Deed.SIMULATION: _("Mark as an exercise"),
    Deed.RETRACT: _("Retract"),
    Deed.RESTORE: _("Restore"),
    Deed.STATUS: _("Set the status"),
    Deed.ESCALATE: _("Escalate"),
}
_VALUES: Mapping[str, Mapping[Any, Any]] = {
    "action": _ACTIONS,
    "before": ROLES,
    "deed": _DEEDS,
    "disposition": DISPOSITIONS,
    "kind": LISTS,
    "kinds": LISTS,
    "pdr": PDR,
    "psr": PSR,
    "response": _RESPONSES,
    "role": ROLES,
    "says": SAYS,
    "state": RETRACTIONS,
    "value": {**_ACTIONS, **DISPOSITIONS, **TRIAGE},  # of an order for many messages: what its deed takes
    "why": WHY,
}


def detail(said: Mapping[str, Any]) -> str:
    """Every detail in words, "Disposition: Spam; Exercise: no"; what has no words stays as it was written."""
    return "; ".join(f"{_NAMES.get(name) or visible(name)}: {_value(name, value)}" for name, value in said.items())


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, Mapping):
        return detail(value)
    if isinstance(value, list | tuple):
        return (" " if name == "why" else ", ").join(_value(name, one) for one in value)
    known = _VALUES.get(name, {}).get(value)
    return str(known[0] if isinstance(known, tuple) else known or visible(str(value)))
