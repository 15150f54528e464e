"""Seen: which messages has a checkpoint been trained or calibrated on?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.corpus.table import COMPOSED, TEST, Table

Hashes = NDArray[np.uint64]


def seen_hashes(table: Table) -> Hashes:
    """The first eight bytes of the SHA-256 of every message that is not for testing, ascending.

    What was left out counts as seen: it is of a campaign that was. Composed mail is nobody's, so nobody asks for it.
    """
    asked = [example for example in table.examples if example.split != TEST and example.corpus != COMPOSED]
    return np.unique(_firsts([example.sha256 for example in asked]))


def was_seen(seen: Hashes, sha256s: Sequence[str]) -> NDArray[np.bool_]:
    """Which of the messages with these hashes are among `seen` (as `seen_hashes` gave it)."""
    return np.isin(_firsts(sha256s), seen)


def _firsts(sha256s: Sequence[str]) -> Hashes:
    """Hashes as numbers; an empty one is refused, for it would say that nothing was seen."""
    if any(len(sha256) != 64 for sha256 in sha256s):
        raise ValueError("not every message of the table has a SHA-256")
    return np.fromiter((int(sha256[:16], 16) for sha256 in sha256s), dtype=np.uint64, count=len(sha256s))
