"""Mark: what we write on a copy before we move it, so that any later call knows that it is ours and where it lay."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from connectors.contract import Action

# An extended property of the message: no mail program shows it, moves keep it, and it dies with the copy.
MARK_ID = "String {8f4f1c7e-3f5a-4c8a-9a55-6d2f0b7c1e94} Name UnhookRetracted"
SIZE_ID = "Integer 0xe08"  # bytes of the whole message, as Exchange counts them
TARGETS = {Action.JUNK: "junkemail", Action.TRASH: "deleteditems", Action.SOFT_DELETE: "recoverableitemsdeletions"}

Row = Mapping[str, Any]  # a message as Graph describes it


@dataclass(frozen=True)
class Mark:
    """Which action took the copy, and how it lay before: folder, read state, flag, categories."""

    action: Action
    folder: str
    read: bool
    flag: Mapping[str, Any]
    categories: tuple[str, ...]
    target: str = ""  # the id of the folder it was moved to; known only after the move

    @classmethod
    def before(cls, action: Action, row: Row) -> "Mark":
        """What to write on a copy that is about to be moved."""
        categories = tuple(map(str, row.get("categories") or ()))
        return cls(action, str(row["parentFolderId"]), bool(row.get("isRead")), flag_of(row), categories)

    def text(self, target: str = "") -> str:
        """As it is written on the copy; with its `target` as it is kept in the journal."""
        said = {"action": self.action, "folder": self.folder, "read": self.read}
        rest = {"flag": dict(self.flag), "categories": list(self.categories)}
        return json.dumps({**said, **rest, **({"target": target} if target else {})}, sort_keys=True)

    def differs(self, row: Row) -> dict[str, Any]:
        """What has to be set on a copy so that it is as it was."""
        wanted = {"isRead": self.read, "flag": dict(self.flag), "categories": list(self.categories)}
        now = {"isRead": bool(row.get("isRead")), "flag": flag_of(row), "categories": list(row.get("categories") or ())}
        return {name: value for name, value in wanted.items() if value != now[name]}


def mark_on(row: Row) -> Mark | None:
    """What we wrote on a copy; None when nothing, or nothing that we wrote."""
    return parse(_property(row, MARK_ID))


def parse(text: str) -> Mark | None:
    """A mark from its text; None when it is empty or damaged."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        said = json.loads(text)
        flag, categories = dict(said["flag"]), tuple(map(str, said["categories"]))
        action, target = Action(said["action"]), str(said.get("target", ""))
        return Mark(action, str(said["folder"]), bool(said["read"]), flag, categories, target)
    return None


def written(text: str) -> dict[str, Any]:
    """The change that writes a mark on a copy; an empty one wipes it off."""
    return {"singleValueExtendedProperties": [{"id": MARK_ID, "value": text}]}


def size_of(row: Row) -> int:
    """How many bytes the message has; 0 when Graph did not say."""
    said = _property(row, SIZE_ID)
    return int(said) if said.isdecimal() else 0


def flag_of(row: Row) -> dict[str, Any]:
    """The follow-up flag without what is not set."""
    flag = row.get("flag") or {}
    kept = {name: value for name, value in flag.items() if value is not None and not name.startswith("@")}
    return {"flagStatus": "notFlagged", **kept}


def _property(row: Row, wanted: str) -> str:
    """Exchange writes ids of its own accord: letters in another case, numbers without leading zeros."""
    for one in row.get("singleValueExtendedProperties") or ():
        if str(one.get("id", "")).casefold().replace("0x0", "0x") == wanted.casefold():
            return str(one.get("value", ""))
    return ""
