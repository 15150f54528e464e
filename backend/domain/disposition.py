"""Disposition: what a message is held to be."""

from enum import StrEnum


class Disposition(StrEnum):
    """The six dispositions. A simulated phish carries a separate flag, not a disposition."""

    MALICIOUS = "MALICIOUS"
    SUSPICIOUS = "SUSPICIOUS"
    SPOOF = "SPOOF"
    SPAM = "SPAM"
    BULK = "BULK"
    NONE = "NONE"


# Judged one of these, a report was right; SPAM counts neither way (design section 5).
CONFIRMS_A_REPORT = frozenset({Disposition.MALICIOUS, Disposition.SPOOF, Disposition.SUSPICIOUS})
LEGITIMATE = frozenset({Disposition.BULK, Disposition.NONE})
