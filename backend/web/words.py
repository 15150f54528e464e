"""Words: how is a code said to people, in their language?"""

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from backend.domain.disposition import Disposition
from backend.domain.label import Source
from backend.domain.people import Role
from backend.domain.retraction import RetractionState
from backend.domain.submission import SubmittedAs
from backend.store.queue import ListRow
from backend.web.deeds import DEEDS
from backend.web.spelled import defang, visible
from backend.web.vocabulary import (
    ACTIONS,
    ACTORS,
    DISPOSITIONS,
    FOLDERS,
    LABEL_SOURCES,
    MODULES,
    NO_ACTION_WORDS,
    NO_COPY,
    PLACES,
    PRETENCES,
    RETRACTIONS,
    ROLES,
    SUBMITTED_AS,
    WHY,
)
from model import reasons
from model.pretences import Pretence


def role_name(role: Role) -> str:
    """The word for a role."""
    return str(ROLES[role])


def plain(code: object) -> str:
    """A code that has no words of its own, made readable."""
    return str(code).replace("_", " ").replace("-", " ").capitalize()


def disposition(value: Disposition | None) -> str:
    """The word for a disposition."""
    return str(DISPOSITIONS[value][0]) if value else gettext("Not decided yet")


def submitted_as(value: SubmittedAs) -> str:
    """What a reporter said it is, as it stands in a sentence."""
    return str(SUBMITTED_AS[value])


def label_source(source: Source) -> str:
    """Where a label comes from."""
    return str(LABEL_SOURCES[source])


def why(code: str) -> str:
    """A rule's sentence."""
    return str(WHY.get(code) or plain(code) + ".")


def module(name: str) -> str:
    """The word for a part of Unhook that has an opinion."""
    return str(MODULES.get(name) or plain(name))


def pretence(one: Pretence) -> str:
    """What a sender claims and what is so, in a sentence; addresses in it cannot be followed."""
    said = PRETENCES.get(one.code)
    told = {"claimed": defang(visible(one.claimed)), "truth": defang(visible(one.truth))}
    return str(said) % told if said else plain(one.code)


def place(code: str) -> str:
    """Where in a mail a link was found."""
    return str(PLACES.get(code) or gettext("found in %(place)s", place=plain(visible(code))))


def folder(name: str) -> str:
    """Where a mail lies, in the words of the mailbox's owner; a few places are called the same everywhere."""
    return str(FOLDERS.get(name) or visible(name) or gettext("unknown"))


def answer(template: str) -> str:
    """What a reporter was told, by the name of the text."""
    special = {
        "retracted": _("Retracted"),
        "simulation": _("Exercise"),
        "team-received": _("To a team: under investigation"),
        "team-verdict": _("To a team: the verdict"),
        "invalid": _("To whoever sent in a mail that could not be read"),
    }.get(template)
    held = template.upper()
    return str(special) if special else disposition(Disposition(held)) if held in list(Disposition) else plain(template)


def actor(name: str) -> str:
    """Who did it: the name of a person, and the word for whoever has none."""
    return str(ACTORS.get(name) or visible(name) or "Unhook")


def result(word: str) -> str:
    """Whether an authentication result is good, bad or says nothing: the class that colours it."""
    return {"pass": "good", "fail": "bad", "softfail": "bad", "permerror": "bad"}.get(word, "")


def reason(code: str) -> str:
    """A reason's sentence, and the code of one that this version does not know."""
    return gettext(reasons.sentence(code))


def caution(code: str) -> str:
    """Where a reason is known to be wrong; empty where it cannot be."""
    known = reasons.false_positives(code)
    return "" if not known or known.startswith("None") else gettext(known)


def event(action: str) -> str:
    """What happened, for the timeline."""
    return str(DEEDS.get(action) or plain(action))


def action(value: str, provider: str = "") -> str:
    """The word for an action."""
    named = ACTIONS.get(provider, {}).get(value) or ACTIONS["maildir"].get(value)
    return str((named or NO_ACTION_WORDS)[0])


def status(row: ListRow) -> str:
    """What an operator wants to know of a message in the queue: what is done, or what is to do."""
    return gettext("Verdict contested") if row.contested else _done_or_to_do(row)


def _done_or_to_do(row: ListRow) -> str:
    if row.retraction and row.retraction not in (RetractionState.RESTORED, RetractionState.REFUSED):
        said = str(NO_COPY if row.took_nothing else RETRACTIONS[row.retraction])
        return gettext("%(state)s, to judge", state=said) if row.to_judge else said
    if row.disposition is None:
        return gettext("Being read")
    if row.judged:
        return gettext("Restored") if row.retraction is RetractionState.RESTORED else gettext("Judged")
    if row.disposition is Disposition.MALICIOUS and not row.simulation:
        return gettext("Retract or clear")
    if row.disposition in (Disposition.SUSPICIOUS, Disposition.SPOOF):
        return gettext("Needs a look")
    return gettext("Decided")
