"""Triage: has an operator dealt with a reported message yet?"""

from enum import StrEnum


class Triage(StrEnum):
    """Unreviewed until somebody judges the message or ticks it off; escalated once it was handed to the team."""

    UNREVIEWED = "unreviewed"
    REVIEWED = "reviewed"
    ESCALATED = "escalated"
