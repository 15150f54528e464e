"""Table: what does a set of labelled messages look like to training and evaluation?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

USED = {"phish": "malicious", "spam": "spam", "bulk": "bulk", "benign": "none"}  # everything else is left out
COMPOSED = "composed"  # the corpus that is nobody's mail, for training only
TRAIN, CALIBRATE, TEST, LEFT_OUT = "train", "calibrate", "test", "left-out"

Numbers = NDArray[np.int64]
Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]


@dataclass(frozen=True)
class Example:
    """One labelled message without its content."""

    path: str
    corpus: str
    label: str  # one of USED's values
    sub: str
    source: str  # the list that carried it, else the sender's domain
    date: str
    body: str  # a hash that messages of one campaign share
    cluster: int = -1
    split: str = TRAIN
    weight: float = 1.0
    language: str = ""
    sha256: str = ""
    domain: str = ""  # registrable, of the first From address
    headers: tuple[str, ...] = ()  # names of its headers, each once: only the leak test looks at them


@dataclass(frozen=True)
class Table:
    """Examples with their rows; tokens of all bags lie one after another."""

    examples: tuple[Example, ...]
    buckets: NDArray[np.int32]  # (tokens,)
    starts: Numbers  # (N + 1,)
    lengths: NDArray[np.int32]  # (N, bags)
    dense: NDArray[np.float32]  # (N, dense)
    sketches: NDArray[np.uint64]  # (N, minima)

    def __len__(self) -> int:
        return len(self.examples)

    def where(self, keep: Callable[[Example], bool]) -> Numbers:
        """The numbers of the examples that `keep` accepts."""
        return np.flatnonzero([keep(example) for example in self.examples])


def no_progress(items: Iterable[Any], _total: int, _what: str) -> Iterable[Any]:
    """Say nothing."""
    return items


def join(first: Table, second: Table) -> Table:
    """Both tables in one."""
    return Table(
        first.examples + second.examples,
        np.concatenate((first.buckets, second.buckets)),
        np.concatenate((first.starts, second.starts[1:] + first.starts[-1])),
        np.concatenate((first.lengths, second.lengths)),
        np.concatenate((first.dense, second.dense)),
        np.concatenate((first.sketches, second.sketches)),
    )


def take(table: Table, numbers: Numbers) -> Table:
    """The rows with these numbers, in this order."""
    tokens = [table.buckets[table.starts[number] : table.starts[number + 1]] for number in numbers]
    return Table(
        tuple(table.examples[number] for number in numbers),
        np.concatenate(tokens) if tokens else np.zeros(0, dtype=np.int32),
        starts_of(table.lengths[numbers]),
        table.lengths[numbers],
        table.dense[numbers],
        table.sketches[numbers],
    )


def starts_of(lengths: NDArray[np.int32]) -> Numbers:
    """Where the tokens of each message begin, and where the last ones end."""
    return np.concatenate(([0], np.cumsum(lengths.sum(axis=1, dtype=np.int64))))
