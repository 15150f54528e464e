"""Answers: how does a card, or a question for consent, go back to Gmail?"""

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]


def opened(card: Json) -> Json:
    """To a trigger: show this card."""
    return {"action": {"navigations": [{"pushCard": card}]}}


def replaced(card: Json, toast: str = "") -> Json:
    """To a button: this card instead of the one it is on. The wrapper is needed here and forbidden for triggers."""
    action: Json = {"navigations": [{"updateCard": card}]}
    if toast:
        action["notification"] = {"text": toast}
    return {"renderActions": {"action": action}}


def asking_for(scopes: Iterable[str]) -> Json:
    """Google asks the person for these, and then sends the same event again by itself."""
    return {"requesting_google_scopes": {"scopes": list(scopes)}}
