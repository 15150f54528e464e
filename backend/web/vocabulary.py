"""Vocabulary: which words belong to which code?

The tables hold sentences that are looked up in the viewer's language when they are shown, not when they are read here.
"""

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.domain.label import Source
from backend.domain.listed import ListKind
from backend.domain.own_rule import Says
from backend.domain.people import Role, Theme
from backend.domain.retraction import RetractionState
from backend.domain.submission import SubmittedAs
from connectors.contract import Action, Outcome

DISPOSITIONS = {
    Disposition.MALICIOUS: (_("Malicious"), _("An attack: phishing, fraud or malware.")),
    Disposition.SUSPICIOUS: (_("Suspicious"), _("It may be an attack. A person should look.")),
    Disposition.SPOOF: (_("Spoof"), _("Pretends to come from somebody it does not come from.")),
    Disposition.SPAM: (_("Spam"), _("Unwanted advertising. A nuisance, not an attack.")),
    Disposition.BULK: (_("Bulk"), _("A newsletter or another mass mail.")),
    Disposition.NONE: (_("No threat"), _("Nothing wrong was found.")),
}

OUTCOMES = {
    Outcome.RETRACTED: _("Retracted"),
    Outcome.ALREADY_GONE: _("Already gone"),
    Outcome.NOT_FOUND: _("No copy found"),
    Outcome.DIFFERENT_MESSAGE: _("Different message, left alone"),
    Outcome.NOT_PERMITTED: _("Not permitted"),
    Outcome.NO_MAILBOX: _("No such mailbox"),
    Outcome.UNREACHABLE: _("Could not be reached"),
    Outcome.EXPIRED: _("Purged by the provider"),
    Outcome.RESTORED: _("Restored"),
    Outcome.EXEMPT: _("Left alone: this mailbox is exempt"),
}

LISTS = {
    ListKind.BLOCKED: (
        _("Blocked sender"),
        _("Malicious, whoever of From, Sender, Reply-To, the envelope or the source address it names."),
    ),
    ListKind.TRUSTED: (
        _("Trusted sender"),
        _("No detection counts and no link is followed. A stolen account of theirs gets through as well."),
    ),
    ListKind.ACCEPTABLE: (
        _("Acceptable sender"),
        _("Neither spam nor bulk nor spoof. Malicious and suspicious mail is found all the same."),
    ),
    ListKind.VERIFY: (
        _("Verify sender"),
        _("A person looks: at least suspicious, and Phish Submission Response leaves it to them."),
    ),
    ListKind.EXEMPT: (
        _("Exempt recipient"),
        _("Nothing is taken out of this mailbox, neither by policy nor by operators."),
    ),
    ListKind.DOMAIN: (
        _("Trusted domain"),
        _("Links to it are not held to be look-alikes of somebody else."),
    ),
}

SAYS = {
    Says.MALICIOUS: (
        _("Malicious"),
        _("It decides by itself. Phish Submission Response still needs a margin of at least 0."),
    ),
    Says.SUSPICIOUS: (_("Suspicious"), _("A person looks: the message is at least suspicious.")),
    Says.NOTE: (_("Nothing"), _("It is shown beside the message and decides nothing.")),
}

TEST_CAUSES = {
    "too-slow": _("The rule is too slow: scans of several messages were stopped."),
    "too-long": _("It took longer than an hour."),
}

RETRACTIONS = {
    RetractionState.AWAITING_APPROVAL: _("Waiting for approval"),
    RetractionState.RUNNING: _("Being retracted"),
    RetractionState.STOPPED: _("Stopped by its canary"),
    RetractionState.DONE: _("Retracted"),
    RetractionState.INCOMPLETE: _("Some copies left"),
    RetractionState.RESTORING: _("Being restored"),
    RetractionState.RESTORED: _("Restored"),
    RetractionState.REFUSED: _("Refused"),
}
NO_COPY = _("No copy found")  # of a retraction that is done and took nothing

WHY = {
    "margin-above-threshold": _("Its margin is at or above the malicious threshold."),
    "hard-match": _("A module beside the network found a certain match."),
    "asked-for-review": _("One of your own lists or rules wants a person to look at it."),
    "listed-trusted": _("The sender is on your list of trusted senders and proven, so no detection counts."),
    "listed-acceptable": _(
        "The sender is on your list of acceptable senders and proven: neither spam, bulk nor spoof."
    ),
    "within-suspicious-band": _("Its margin lies just below the threshold, where a person decides."),
    "spoof-alignment-failed": _("Authentication failed and the sender pretends to be somebody known."),
    "likeliest-by-head": _("Its margin is well below the threshold; this is the likeliest of the other kinds."),
    "margin-below-threshold": _("PSR did nothing: the margin is below the threshold."),
    "simulation": _("PSR did nothing: this is one of your own phishing exercises."),
    "trusted-sender": _("PSR did nothing: the sender is trusted, and proven to be the sender."),
    "verify-sender": _("PSR did nothing: a person is to judge mail from this sender."),
    "psr-off": _("PSR is switched off, so nothing was retracted by itself."),
    "psr-preview": _("PSR is in preview: it wrote down that it would have retracted this, and did not."),
    "no-action-configured": _("PSR did nothing: no action is chosen for malicious mail."),
    "team-submission": _("PSR did nothing: it acts only on reports by people with a mailbox."),
    "reported-as-spam": _("PSR did nothing: it was reported as spam, not as phish."),
    "unverified-identity": _("PSR did nothing: nobody who reported it has proven who they are."),
    "untrusted-evidence": _("PSR did nothing: the message itself could not be fetched from a mailbox."),
    "operator-decided": _("An operator judged it. That stands against policy."),
    "operator-false-positive": _("An operator reported it as a false positive. That stands against policy."),
    "operator-false-negative": _("An operator reported it as a false negative. That stands against policy."),
    "operator-simulation": _("An operator marked it as one of your own phishing exercises."),
    "contest-confirmed": _("Somebody who reported it contested the verdict, and an operator agreed."),
    "operator-escalated": _("An operator escalated it to the team as this."),
    "learned-same": _("The security team judged this very message to be malicious."),
    "learned-similar": _("It belongs to a campaign of which a message was judged malicious."),
    "learned-host": _("It belongs to a campaign of which a message was judged malicious, and leads to the same site."),
    "learned-link": _("It leads to the same page as a message that was judged malicious."),
    "learned-file": _("It carries the same file as a message that was judged malicious."),
    "label-revoked": _("A label was taken back, so the judgement before it stands again."),
    "operator-restored": _("An operator brought it back. Policy does not take it away again."),
    "retraction-called-off": _(
        "An operator called the retraction off while it ran. Policy does not take it away again."
    ),
    "judgement-undone": _("An operator took their judgement back: what was decided before stands again."),
}

PSR = {
    Psr.OFF: (_("Off"), _("Nothing is retracted by itself and nothing is written to the log.")),
    Psr.PREVIEW: (
        _("Preview"),
        _("Nothing is retracted by itself. The log says what would have been, and you judge it."),
    ),
    Psr.ON: (_("On"), _("Copies of malicious mail that people report are retracted by themselves, reversibly.")),
}

THEMES = {
    Theme.AUTO: _("As the device does"),
    Theme.LIGHT: _("Light"),
    Theme.DARK: _("Dark"),
}

SUBMITTED_AS = {SubmittedAs.PHISH: _("phish"), SubmittedAs.SPAM: _("spam")}

LABEL_SOURCES = {
    Source.OPERATOR: _("operator"),
    Source.TEAM: _("team"),
    Source.CONTEST: _("contest"),
    Source.SEED: _("seed"),
}

MODULES = {
    "network": _("The network"),
    "authentication": _("Authentication"),
    "lists": _("Lists"),
    "signatures": _("Signatures"),
    "campaigns": _("Campaigns"),
    "links": _("Links"),
}

PRETENCES = {
    "several-senders": _("There is more than one From address."),
    "name-shows-address": _("The name shows an address at %(claimed)s; the mail comes from %(truth)s."),
    "name-claims-brand": _("The name says %(claimed)s; the address belongs to somebody else: %(truth)s."),
    "name-claims-brand-free-mail": _("The name says %(claimed)s; the address is one that anybody can have: %(truth)s."),
    "host-in-other-letters": _("The domain reads as %(claimed)s; its real spelling is %(truth)s."),
    "domain-lookalike": _("The domain %(truth)s looks like the one of %(claimed)s."),
    "domain-names-brand": _("The domain %(truth)s has the name of %(claimed)s in it and is not theirs."),
    "reply-elsewhere": _("Answers go to %(claimed)s, not to %(truth)s."),
    "sent-by-another": _("It was sent by %(claimed)s in the name of %(truth)s."),
    "bounces-elsewhere": _(
        "What cannot be delivered goes back to %(claimed)s, not to %(truth)s. Mailing services do that."
    ),
}

FOLDERS = {"INBOX": _("Inbox"), "SPAM": _("Spam"), "TRASH": _("Trash"), "ARCHIVE": _("Archived")}

PLACES = {
    "a": _("found in a link"),
    "area": _("found in a picture’s clickable area"),
    "form": _("found where a form sends to"),
    "base": _("found in the base address"),
    "meta-refresh": _("found where the mail itself leads on"),
    "srcdoc": _("found in a frame"),
    "css": _("found in a style"),
    "comment": _("found in a hidden comment"),
    "attribute": _("found in a hidden attribute"),
    "text": _("found in the text"),
    "qr": _("found in a QR code"),
    "pdf": _("found in a PDF"),
}

ACTORS = {
    "policy": _("policy"),
    "system": "Unhook",
    "operator": _("an operator"),
    "person": _("somebody"),
    "erased person": _("erased person"),
}

PDR = {
    Psr.OFF: (_("Off"), _("A message is not looked for again after it was found malicious.")),
    Psr.PREVIEW: (_("Preview"), _("It is looked for again. The log says how many copies would have been taken.")),
    Psr.ON: (_("On"), _("Copies that were delivered later, or that a rule moved back, are taken as well.")),
}

PDR_WHY = {
    "pdr-off": _("It was off."),
    "message-forgotten": _("The message was forgotten: its time is over."),
    "no-longer-malicious": _("It is no longer held to be malicious."),
    "operator-restored": _("An operator brought it back."),
    "simulation": _("It is one of your own exercises."),
    "trusted-sender": _("The sender is trusted, and proven to be the sender."),
    "no-action-configured": _("No action is chosen for malicious mail."),
    "under-way": _("Its retraction was under way already."),
    "unreachable": _("The mailboxes could not be reached."),
    "gave-up": _("It was tried too often."),
}

NO_ACTION_WORDS = (_("No action"), _("Copies stay where they are."))

_JUNK = (_("Junk"), _("Moved to the junk folder. People can move it back."))

_TRASH = (_("Trash"), _("Moved to the trash. People can move it back until it is emptied."))

ACTIONS: dict[str, dict[str, tuple[LazyString, LazyString]]] = {
    "outlook": {
        Action.JUNK: (_("Junk"), _("Moved to Junk Email. People can move it back.")),
        Action.TRASH: (_("Trash"), _("Moved to Deleted Items. People can move it back.")),
        Action.SOFT_DELETE: (
            _("Soft delete"),
            _("Moved to Recoverable Items: out of sight, still recoverable by people."),
        ),
        Action.HARD_DELETE: (_("Hard delete"), _("Deleted for good; only a litigation hold still keeps it.")),
    },
    "gmail": {
        Action.JUNK: (_("Junk"), _("Labelled Spam. Gmail deletes it after 30 days.")),
        Action.TRASH: (_("Trash"), _("Moved to Trash. Gmail deletes it after 30 days.")),
        Action.HARD_DELETE: (
            _("Hard delete"),
            _("Deleted for good. Needs a scope of its own, https://mail.google.com/."),
        ),
    },
    "maildir": {
        Action.JUNK: _JUNK,
        Action.TRASH: _TRASH,
        Action.SOFT_DELETE: (
            _("Soft delete"),
            _("Moved out of the mailbox to a place that only Unhook restores from."),
        ),
        Action.HARD_DELETE: (_("Hard delete"), _("Deleted for good. Nobody gets it back.")),
    },
}

ROLES = {Role.OWNER: _("Owner"), Role.ADMIN: _("Admin"), Role.ANALYST: _("Analyst"), Role.VIEWER: _("Viewer")}
