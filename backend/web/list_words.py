"""List words: what are the filters, counts and places of a list called?"""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from backend.domain.disposition import Disposition
from backend.domain.submission import Identity, Kind, SubmittedAs
from backend.domain.triage import Triage
from backend.store.saved_views import SavedView
from backend.web import asked, vocabulary
from backend.web.spelled import count
from backend.web.words import reason

TRIAGE = {
    Triage.UNREVIEWED: _("Unreviewed"),
    Triage.REVIEWED: _("Reviewed"),
    Triage.ESCALATED: _("Escalated"),
}
_KINDS = {Kind.USER: _("People"), Kind.TEAM: _("Security team")}
_IDENTITIES = {Identity.VERIFIED: _("Verified"), Identity.UNVERIFIED: _("Unverified")}
_SUBMITTED_AS = {SubmittedAs.PHISH: _("Phish"), SubmittedAs.SPAM: _("Spam")}
_YES = {"yes": _("yes"), "no": _("no")}


def filter_choices() -> Iterator[tuple[str, object, list[tuple[str, object]]]]:
    """(name, label, choices) of every filter that is chosen from a list."""
    dispositions = {one: vocabulary.DISPOSITIONS[one][0] for one in Disposition}
    offered: Mapping[str, tuple[object, Mapping[Any, object]]] = {
        "status": (_("Status"), TRIAGE),
        "disposition": (_("Held to be"), dispositions),
        "kind": (_("Submitted by"), _KINDS),
        "submitted_as": (_("Submitted as"), _SUBMITTED_AS),
        "identity": (_("Identity"), _IDENTITIES),
        "state": (_("Retraction"), vocabulary.RETRACTIONS),
        "psr": (_("Retracted by PSR"), _YES),
        "review": (_("Needs review"), _YES),
    }
    for name, (label, choices) in offered.items():
        yield name, label, [(str(value), said) for value, said in choices.items()]


def view_address(view: SavedView) -> str:
    """Where a saved view is shown."""
    return asked.read(view.asked, asked.QUEUE if "tab" in view.asked else asked.SEARCH).at()


def counted(total: int, more: bool) -> str:
    """How many messages a list holds; counting ends."""
    if more:
        return gettext("%(n)s+ messages.", n=count(total))
    return ngettext("%(num)d message.", "%(num)d messages.", total)


def reason_sentence(code: str) -> str:
    """What a reason says, in full."""
    return reason(code)
