"""Marks: which labels of a mailbox are ours? Asked once per mailbox, and made when first needed."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from connectors.gmail.client import LABEL_CREATE, LABELS, Google
from connectors.gmail.labels import home_in
from connectors.gmail.refusals import BadRequest

_REMEMBERED = 10_000  # mailboxes
_SYSTEM = frozenset({"INBOX", "SPAM", "TRASH", "UNREAD", "STARRED", "IMPORTANT", "SENT", "DRAFT", "CHAT"})

Homes = Mapping[str, frozenset[str]]  # by label id: where a copy lay that has this label


class Marks:
    """Label ids of ours, per mailbox. Thread-safe. An id once known stays true: Gmail gives none twice."""

    def __init__(self, google: Google) -> None:
        self._google = google
        self._kept: OrderedDict[str, _Known] = OrderedDict()  # by mailbox
        self._lock = threading.Lock()

    def on(self, mailbox: str, labels: Collection[str]) -> Homes:
        """Those of our marks that may be among these labels; asks only when there is one that is not known."""
        known = self._known(mailbox)
        if any(_is_own(label) and label not in known.ids for label in labels):
            self.labels(mailbox)
            known = self._known(mailbox)
        return {label_id: home_in(name) or frozenset() for name, label_id in known.marks.items()}

    def id_of(self, mailbox: str, name: str) -> str:
        """The id of our mark of this name, made when the mailbox has none."""
        known = self._known(mailbox)
        if name not in known.marks and not known.ids:
            self.labels(mailbox)
            known = self._known(mailbox)
        return known.marks.get(name) or self._make(mailbox, name)

    def labels(self, mailbox: str) -> dict[str, str]:
        """Every label of the mailbox, id to name, as it is now."""
        request = self._google.labels.list(userId="me", fields="labels(id,name)")
        said = self._google.call(request, mailbox, LABELS).get("labels", [])
        found = {str(label["id"]): str(label["name"]) for label in said}
        own = {name: label_id for label_id, name in found.items() if home_in(name) is not None}
        with self._lock:
            self._kept[mailbox] = _Known(own, frozenset(found))
            self._kept.move_to_end(mailbox)
            if len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)
        return found

    def _make(self, mailbox: str, name: str) -> str:
        """Hidden from the list of labels; an owner who looks for it in the settings finds out what Unhook took."""
        body = {"name": name, "labelListVisibility": "labelHide", "messageListVisibility": "hide"}
        try:
            made = self._google.call(
                self._google.labels.create(userId="me", body=body, fields="id"), mailbox, LABEL_CREATE
            )
        except BadRequest:  # made a moment ago by another worker, or by a call whose answer was lost
            self.labels(mailbox)
            if found := self._known(mailbox).marks.get(name):
                return found
            raise
        label = str(made["id"])
        with self._lock:
            known = self._kept.get(mailbox, _NOTHING)
            self._kept[mailbox] = _Known({**known.marks, name: label}, known.ids | {label})
        return label

    def _known(self, mailbox: str) -> "_Known":
        with self._lock:
            return self._kept.get(mailbox, _NOTHING)


@dataclass(frozen=True)
class _Known:
    """What was read of one mailbox: our marks, name to id, and the ids of all its labels."""

    marks: Mapping[str, str]
    ids: frozenset[str]


_NOTHING = _Known({}, frozenset())


def _is_own(label: str) -> bool:
    """Whether a person, or we, made this label; the others are Gmail's."""
    return label not in _SYSTEM and not label.startswith("CATEGORY_")
