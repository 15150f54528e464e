"""Headers: which header names say what a sender wrote, and which only whose mailbox a mail lay in?

Names alone tell the corpora apart perfectly, because every transport, filter, list and archive adds its own. A list of
what to take out is never complete; so this is the list of what may stay. The network reads no header names at all: the
scrub is what the leak test measures, and what a feature of header names would have to go through.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from model.corpus.table import Table, starts_of
from model.features.table import BAGS, DENSE, KNOWN_DOMAIN, authentication_columns, unknown_authentication

# A name the sender's own program writes, and what is left of it.
KEPT = {
    **{
        name: name
        for name in (
            "content-transfer-encoding",
            "content-type",
            "date",
            "dkim-signature",
            "from",
            "message-id",
            "mime-version",
            "received",
            "reply-to",
            "return-path",
            "subject",
        )
    },
    "to": "recipient",  # To or Cc says how a list was addressed
    "cc": "recipient",
    "in-reply-to": "reply",  # one or both is a habit of the program, not of the person
    "references": "reply",
    "user-agent": "program",  # which of the two depends on the program: open source says User-Agent
    "x-mailer": "program",
}

# What mailboxes, filters, archives and lists are known to add. None of it may stay, and taking only this out is no
# scrub: the leak test measures that too.
KNOWN_MARKS = re.compile(
    r"x-ms-.*|x-microsoft.*|x-eop.*|x-incoming.*|x-sid-.*|x-sender-ip|x-message-(?:info|delivery)|x-forefront.*"
    r"|received-spf|arc-.*|x-received|x-google-.*|x-gm-.*|x-gmail-.*|x-forwarded-encrypted|delivered-to|x-original-to"
    r"|x-spam.*|x-foff.*|x-greylist|x-authentication-warning|dkim-filter|x-keywords|x-uid|x-imap|status|x-status"
    r"|x-mailman.*|x-beenthere|errors-to|sender|precedence|list-(?:id|help|post|archive|subscribe|owner)|x-kmail.*"
    r"|x-policyd.*|x-kasloop|x-dmarc.*|x-rspamd.*|x-headers-end|x-loop|archived-at"
)

_FROM_HEADERS = (  # how the names of such columns of DENSE begin
    "authentication-",
    "date-",
    "defects",
    "list-",
    "message-id",
    "received-",
    "reply-to-",
    "return-path-",
    "sender-aligned",
    "sender-not-aligned",
    "signed-",
)


def scrubbed(names: Iterable[str]) -> frozenset[str]:
    """The names that may be learned from, as a set: their order and number are the transport's."""
    return frozenset(KEPT[name] for name in names if name in KEPT)


def without_known_marks(names: Iterable[str]) -> frozenset[str]:
    """The names that are not known to be somebody's mark."""
    return frozenset(name for name in names if not KNOWN_MARKS.fullmatch(name))


def header_columns() -> tuple[int, ...]:
    """Columns of DENSE that come from headers other than From and Subject, which a reader sees."""
    named = {place for place, name in enumerate(DENSE) if name.startswith(_FROM_HEADERS)}
    return tuple(sorted(named | set(authentication_columns())))


def zero_header_features(table: Table) -> Table:
    """The same messages as if they had come without headers other than From and Subject.

    Authentication becomes unknown, as training masks it; the bag of the sender's proven domain is emptied.
    """
    dense = table.dense.copy()
    dense[:, list(header_columns())] = 0.0
    dense[:, unknown_authentication()] = 1.0
    bags = np.repeat(np.tile(np.arange(len(BAGS)), len(table)), table.lengths.reshape(-1))
    lengths = table.lengths.copy()
    lengths[:, KNOWN_DOMAIN] = 0
    return replace(
        table, buckets=table.buckets[bags != KNOWN_DOMAIN], starts=starts_of(lengths), lengths=lengths, dense=dense
    )
