"""Card shapes: is this a card, by the description of Google's API that ships with its client library?"""

import json
import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from googleapiclient.discovery_cache import get_static_doc

CARD = "GoogleAppsCardV1Card"
MOST_WIDGETS = 100  # in one card: Google drops the rest without a word
_TAGS = re.compile(r"</?(?:b|i|u|s|br|font|a|time)(?: [^<>]*)?>")
_FORMATTED = {"text", "topLabel", "bottomLabel"}  # where Google reads markup


@cache
def schemas() -> dict[str, Any]:
    """Those of Chat: the add-ons' cards are the same ones, and have no description of their own."""
    found: dict[str, Any] = json.loads(get_static_doc("chat", "v1"))["schemas"]
    return found


def wrong_with_card(card: Any, base_url: str) -> list[str]:
    """Everything Google would refuse, drop, or not call."""
    found = list(_wrong(card, {"$ref": CARD}, "card"))
    widgets = sum(len(section["widgets"]) for section in card["sections"])
    if not 0 < widgets <= MOST_WIDGETS:
        found.append(f"{widgets} widgets")
    for path, value in leaves(card):
        name = path.rpartition(".")[2]
        if name in {"function", "imageUrl", "url"} and not _is_ours(value, base_url):
            found.append(f"{path}: {value}")
        if name in _FORMATTED and "<" in _TAGS.sub("", value):
            found.append(f"{path}: markup that is not ours")
    return found


def leaves(value: Any, path: str = "card"):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def shown(card: Any) -> str:
    """All its texts, one a line."""
    return "\n".join(str(value) for path, value in leaves(card) if not path.endswith((".function", "Url", ".type")))


def card_of(answer: dict[str, Any]) -> dict[str, Any]:
    """The card in an answer to a trigger or to a button."""
    (navigation,) = answer.get("renderActions", answer)["action"]["navigations"]
    (verb,) = navigation
    assert verb == ("updateCard" if "renderActions" in answer else "pushCard")
    card: dict[str, Any] = navigation[verb]
    return card


def _is_ours(value: str, base_url: str) -> bool:
    address = urlsplit(value)
    return value.startswith(f"{base_url}/") and address.scheme == "https" and not address.query


def _wrong(value: Any, schema: dict[str, Any], path: str):
    if "$ref" in schema:
        yield from _wrong(value, schemas()[schema["$ref"]], path)
        return
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    kind = schema["type"]
    if not isinstance(value, kinds[kind]) or (kind == "integer" and isinstance(value, bool)):
        yield f"{path}: {value!r} is no {kind}"
    elif kind == "object":
        for name, inner in value.items():
            if name not in schema["properties"]:
                yield f"{path}.{name}: there is no such field"
            else:
                yield from _wrong(inner, schema["properties"][name], f"{path}.{name}")
    elif kind == "array":
        for number, inner in enumerate(value):
            yield from _wrong(inner, schema["items"], f"{path}[{number}]")
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value} is none of {schema['enum']}"
