"""Clusters: which messages are near-duplicates of each other?"""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from model.corpus.table import Numbers, Table
from model.features.table import BAGS

MINIMA = 32
_BAND = 4
_LEAST_WORDS = 8  # tokens; below, only an equal body makes two messages one campaign


def sketch(words: NDArray[np.int32]) -> NDArray[np.uint64]:
    """The smallest of the hashed words under 32 different orders: equal minima estimate Jaccard similarity."""
    if not len(words):
        return np.zeros(MINIMA, dtype=np.uint64)
    odd = np.arange(1, 2 * MINIMA, 2, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)
    mixed = (words.astype(np.uint64)[:, None] + np.uint64(1)) * odd[None, :]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)  # bucket numbers are small: spread them
    smallest: NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(32))).min(axis=0)
    return smallest


def find_clusters(table: Table) -> list[int]:
    """A number for each near-duplicate cluster: equal bytes or bodies, or enough equal minima of hashed words."""
    words = table.lengths[:, BAGS.index("body-words")]

    def keys(number: int) -> Iterable[Hashable]:
        example = table.examples[number]
        if example.sha256:
            yield "bytes", example.sha256
        if example.body:
            yield "body", example.body
        if words[number] >= _LEAST_WORDS:
            for band in range(0, MINIMA, _BAND):
                yield band, table.sketches[number, band : band + _BAND].tobytes()

    return components([keys(number) for number in range(len(table))])


def components(keys: Sequence[Iterable[Hashable]]) -> list[int]:
    """A number for each group of things that share a key, or share one with something that does: its first member."""
    parent = list(range(len(keys)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    first: dict[Hashable, int] = {}
    for number, own in enumerate(keys):
        for key in own:
            one, other = root(number), root(first.setdefault(key, number))
            parent[max(one, other)] = min(one, other)
    return [root(number) for number in range(len(keys))]


def one_a_cluster(table: Table, numbers: Numbers) -> Numbers:
    """The first of each near-duplicate cluster and label."""
    firsts: dict[tuple[int, str], int] = {}
    for number in numbers:
        example = table.examples[number]
        firsts.setdefault((example.cluster, example.label), int(number))
    return np.array(sorted(firsts.values()), dtype=np.int64)
