"""Probed: what has trying one right at a provider shown?"""

from enum import StrEnum


class Access(StrEnum):
    """What trying has shown."""

    PERMITTED = "permitted"
    NOT_PERMITTED = "not_permitted"
    UNKNOWN = "unknown"  # nothing to try on, or the provider did not answer
