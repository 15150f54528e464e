"""Table: what is the one versioned row of numbers that the network reads?"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from model.features import hashing, links, scrub, sender, structure, words
from model.features.bag import Bag
from model.message.facts import Facts

FEATURES_VERSION = 1

BAGS = (
    "subject-words",
    "body-words",
    "body-characters",
    "link-words",
    "sender-words",
    "sender-known-domain",
    "attachment-words",
)
DENSE = (*words.FACTS, *sender.FACTS, *links.FACTS, *structure.FACTS)
KNOWN_DOMAIN = BAGS.index("sender-known-domain")


@dataclass(frozen=True)
class Row:
    """One message as numbers; `notes` holds, per reason code, what an operator can look at in the mail."""

    bags: tuple[Bag, ...]  # one for each of BAGS
    dense: NDArray[np.float32]  # (len(DENSE),) in [0, 1]
    notes: Mapping[str, str]
    version: int = FEATURES_VERSION

    def buckets(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """All bucket numbers one after another, and where each bag begins."""
        lengths = [len(bag) for bag in self.bags]
        hashes = np.concatenate([bag.hashes for bag in self.bags])
        return hashing.buckets(hashes, np.repeat(_salts(), lengths)), np.cumsum([0, *lengths[:-1]])


@cache
def _salts() -> hashing.Hashes:
    return np.array([hashing.salt(number) for number in range(len(BAGS))], dtype=np.uint64)


def row(facts: Facts) -> Row:
    """The row of one message: the same lines for training and for serving."""
    pieces = scrub.needles(facts)
    wording = words.read(facts, pieces)
    origin = sender.read(facts, pieces)
    leads = links.read(facts, pieces)
    shape = structure.read(facts)

    found = wording.facts | origin.facts | leads.facts | shape.facts
    dense = np.fromiter((found[name] for name in DENSE), dtype=np.float32, count=len(DENSE))
    bags = (
        wording.subject,
        wording.text,
        wording.characters,
        leads.links,
        origin.sender,
        origin.domain,
        shape.attachments,
    )
    return Row(bags, dense, wording.notes | origin.notes | leads.notes | shape.notes)


@cache
def authentication_columns() -> tuple[int, ...]:
    """Columns of DENSE that training masks together."""
    return tuple(DENSE.index(name) for name in sender.AUTHENTICATION_FACTS)


@cache
def unknown_authentication() -> int:
    """The column that says there was no authentication at all."""
    return DENSE.index("authentication-unknown")
