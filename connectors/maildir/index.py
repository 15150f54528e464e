"""Index: which files of a mailbox are worth opening for a search?"""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

from connectors.maildir.folders import Entry

MAX_KNOWN = 300_000  # files over all mailboxes, about 80 MB; the mailbox searched longest ago is forgotten first


class Index:
    """Remembers the keys of files already read: the content of a Maildir file never changes.

    Only memory of one process. Losing it, or a wrong entry in it, costs time: every hit is read again.
    """

    def __init__(self, limit: int = MAX_KNOWN) -> None:
        self._limit = limit
        self._known: OrderedDict[str, dict[int, tuple[int, ...]]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def keys(self, address: str) -> Mapping[int, tuple[int, ...]]:
        """What is known of one mailbox, by `name_of` of its files."""
        with self._lock:
            return self._known.get(address, {})

    def remember(self, address: str, keys: dict[int, tuple[int, ...]]) -> None:
        """Replace what is known of one mailbox."""
        with self._lock:
            self._size += len(keys) - len(self._known.pop(address, {}))
            self._known[address] = keys
            while self._size > self._limit and self._known:
                _, forgotten = self._known.popitem(last=False)
                self._size -= len(forgotten)


def name_of(entry: Entry) -> int:
    """What a file is remembered by; flags and folder do not matter."""
    return hash((entry.unique, entry.inode))
