"""Words: how are codes, numbers, times and addresses written for people?"""

import re
from datetime import datetime, timedelta

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.domain.retraction import RetractionState
from backend.domain.submission import State
from backend.store.views import QueueRow
from connectors.contract import Action, Outcome

DISPOSITIONS = {
    Disposition.MALICIOUS: ("Malicious", "An attack: phishing, fraud or malware."),
    Disposition.SUSPICIOUS: ("Suspicious", "Close to the threshold. A person should look."),
    Disposition.SPOOF: ("Spoof", "Pretends to come from somebody it does not come from."),
    Disposition.SPAM: ("Spam", "Unwanted advertising. A nuisance, not an attack."),
    Disposition.BULK: ("Bulk", "A newsletter or another mass mail."),
    Disposition.NONE: ("No threat", "Nothing wrong was found."),
}

OUTCOMES = {
    Outcome.RETRACTED: "Retracted",
    Outcome.ALREADY_GONE: "Already gone",
    Outcome.NOT_FOUND: "No copy found",
    Outcome.DIFFERENT_MESSAGE: "Different message, left alone",
    Outcome.NOT_PERMITTED: "Not permitted",
    Outcome.NO_MAILBOX: "No such mailbox",
    Outcome.UNREACHABLE: "Could not be reached",
    Outcome.EXPIRED: "Purged by the provider",
    Outcome.RESTORED: "Restored",
}

RETRACTIONS = {
    RetractionState.AWAITING_APPROVAL: "Waiting for approval",
    RetractionState.RUNNING: "Being retracted",
    RetractionState.DONE: "Retracted",
    RetractionState.INCOMPLETE: "Some copies left",
    RetractionState.RESTORING: "Being restored",
    RetractionState.RESTORED: "Restored",
    RetractionState.REFUSED: "Refused",
}

WHY = {
    "margin-above-threshold": "Its margin is at or above the malicious threshold.",
    "hard-match": "A module beside the network found a certain match.",
    "within-suspicious-band": "Its margin lies just below the threshold, where a person decides.",
    "spoof-alignment-failed": "Authentication failed and the sender pretends to be somebody known.",
    "likeliest-by-head": "Its margin is well below the threshold; this is the likeliest of the other kinds.",
    "margin-below-threshold": "PSR did nothing: the margin is below the threshold.",
    "simulation": "PSR did nothing: this is one of your own phishing exercises.",
    "trusted-sender": "PSR did nothing: the sender is trusted, and proven to be the sender.",
    "psr-off": "PSR is switched off, so nothing was retracted by itself.",
    "psr-preview": "PSR is in preview: it wrote down that it would have retracted this, and did not.",
    "no-action-configured": "PSR did nothing: no action is chosen for malicious mail.",
    "team-submission": "PSR did nothing: it acts only on reports by people with a mailbox.",
    "reported-as-spam": "PSR did nothing: it was reported as spam, not as phish.",
    "unverified-identity": "PSR did nothing: nobody who reported it has proven who they are.",
    "untrusted-evidence": "PSR did nothing: the message itself could not be fetched from a mailbox.",
    "operator-decided": "An operator judged it. That stands against policy.",
    "operator-restored": "An operator brought it back. Policy does not take it away again.",
}

EVENTS = {
    "reported": "Reported it",
    "decided": "Decided",
    "corrected": "Judged it",
    "body viewed": "Looked at the mail itself",
    "retraction ordered": "Ordered the retraction",
    "approved": "Approved the retraction",
    "restore ordered": "Ordered the restore",
    "retracted": "Retraction ended",
    "restored": "Restore ended",
    "retried": "Tried a report again",
}

STATES = {
    State.RECEIVED: "Received",
    State.FETCHED: "Message fetched",
    State.PARSED: "Read",
    State.SCORED: "Scored",
    State.DECIDED: "Decided",
    State.ANSWERED: "Answered",
    State.FAILED: "Failed",
}

PSR = {
    Psr.OFF: ("Off", "Nothing is retracted by itself and nothing is written to the log."),
    Psr.PREVIEW: ("Preview", "Nothing is retracted by itself. The log says what would have been, and you judge it."),
    Psr.ON: ("On", "Copies of malicious mail that people report are retracted by themselves, reversibly."),
}

NO_ACTION_WORDS = ("No action", "Copies stay where they are.")
_JUNK = ("Junk", "Moved to the junk folder. People can move it back.")
_TRASH = ("Trash", "Moved to the trash. People can move it back until it is emptied.")
ACTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "outlook": {
        Action.JUNK: ("Junk", "Moved to Junk Email. People can move it back."),
        Action.TRASH: ("Trash", "Moved to Deleted Items. People can move it back."),
        Action.SOFT_DELETE: ("Soft delete", "Moved to Recoverable Items: out of sight, still recoverable by people."),
        Action.HARD_DELETE: ("Hard delete", "Deleted for good; only a litigation hold still keeps it."),
    },
    "gmail": {
        Action.JUNK: ("Junk", "Labelled Spam. Gmail deletes it after 30 days."),
        Action.TRASH: ("Trash", "Moved to Trash. Gmail deletes it after 30 days."),
    },
    "maildir": {
        Action.JUNK: _JUNK,
        Action.TRASH: _TRASH,
        Action.SOFT_DELETE: ("Soft delete", "Moved out of the mailbox to a place that only Unhook restores from."),
        Action.HARD_DELETE: ("Hard delete", "Deleted for good. Nobody gets it back."),
    },
}


def plain(code: object) -> str:
    """A code that has no words of its own, made readable."""
    return str(code).replace("_", " ").replace("-", " ").capitalize()


def disposition(value: Disposition | None) -> str:
    """The word for a disposition."""
    return DISPOSITIONS[value][0] if value else "Not decided yet"


def why(code: str) -> str:
    """A rule's sentence."""
    return WHY.get(code) or plain(code) + "."


def event(action: str) -> str:
    """What happened, for the timeline."""
    return EVENTS.get(action) or plain(action)


def action(value: str, provider: str = "") -> str:
    """The word for an action."""
    named = ACTIONS.get(provider, {}).get(value) or ACTIONS["maildir"].get(value)
    return (named or NO_ACTION_WORDS)[0]


def status(row: QueueRow) -> str:
    """What an operator wants to know of a message in the queue: what is done, or what is to do."""
    if row.retraction and row.retraction not in (RetractionState.RESTORED, RetractionState.REFUSED):
        said = RETRACTIONS[row.retraction]
        return f"{said}, to judge" if row.to_judge else said
    if row.disposition is None:
        return "Being read"
    if row.judged:
        return "Restored" if row.retraction is RetractionState.RESTORED else "Judged"
    if row.disposition is Disposition.MALICIOUS and not row.simulation:
        return "Retract or clear"
    if row.disposition in (Disposition.SUSPICIOUS, Disposition.SPOOF):
        return "Needs a look"
    return "Decided"


def signed(number: float) -> str:
    """A margin as people write it, with a real minus."""
    rounded = f"{abs(number):.1f}"
    if float(rounded) == 0:
        return "0.0"
    return ("+" if number > 0 else "\N{MINUS SIGN}") + rounded


def percent(share: float) -> str:
    """A share in percent, never rounded up to a hundred that it is not."""
    tenths = int(share * 1000) / 10
    return f"{tenths:g} %"


def moment(time: datetime) -> str:
    """A time of the store in full."""
    return f"{time.day} {time:%b %Y, %H:%M} UTC"


def ago(time: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that is at least one."""
    seconds = int((now - time) / timedelta(seconds=1))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?%?")
_SCHEME = re.compile(r"^\s*([a-zA-Z][a-zA-Z0-9+.\-]*):(//)?([^/?#]*)(.*)$", re.DOTALL)


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


def size(octets: int) -> str:
    """A size for people."""
    if octets < 1000:
        return f"{octets} bytes"
    return f"{octets / 1000:.0f} kB" if octets < 1_000_000 else f"{octets / 1_000_000:.1f} MB"
