"""Folds: how is mail dealt out for cross-validation, so that nothing it is tested on was nearly seen in training?"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.corpus.clusters import components
from model.corpus.table import Example, Numbers, Table

TOGETHER = ("source", "domain", "cluster")


def folds(
    table: Table, k: int, seed: int, numbers: Numbers | None = None, together: Sequence[str] = TOGETHER
) -> NDArray[np.int64]:
    """The fold of each example, 0 to k - 1; no source, sender domain or cluster lies in two of them.

    Only the examples in `numbers` are dealt out (None: all), the others get -1: use `apart_from` to choose among them.
    Mail of many lists and mailboxes hangs together by its senders, so one fold may be far larger than the others.
    """
    chosen = np.arange(len(table)) if numbers is None else numbers
    groups = components([_keys(table.examples[number], together) for number in chosen])
    members: dict[int, list[int]] = defaultdict(list)
    for number, group in zip(chosen, groups, strict=True):
        members[group].append(int(number))

    dealt = np.full(len(table), -1, dtype=np.int64)
    for together_, fold in _deal(table, list(members.values()), k, seed):
        dealt[together_] = fold
    return dealt


def apart_from(
    table: Table, tested: Numbers, among: Numbers | None = None, together: Sequence[str] = TOGETHER
) -> Numbers:
    """Those of `among` (None: all) that share no source, sender domain or cluster with the tested: fit for training."""
    near = {key for number in tested for key in _keys(table.examples[number], together)}
    chosen = np.arange(len(table)) if among is None else among
    apart = [near.isdisjoint(_keys(table.examples[number], together)) for number in chosen]
    return chosen[np.array(apart, dtype=np.bool_)]


def _keys(example: Example, together: Sequence[str]) -> set[tuple[str, object]]:
    """What ties an example to others. A source that is a sender domain meets the same domain in other mail."""
    found: set[tuple[str, object]] = set()
    for name in together:
        value = getattr(example, name)
        if name == "cluster":
            found |= {("cluster", value)} if value >= 0 else set()
        elif value:
            found.add(("source", value))
    return found


def _deal(table: Table, groups: list[list[int]], k: int, seed: int) -> list[tuple[list[int], int]]:
    """The largest group first, each where its labels are rarest; a fold that has its share gets no more."""
    order = np.random.default_rng(seed).permutation(len(groups))
    share = sum(map(len, groups)) / k
    sizes = [0] * k
    held: list[Counter[str]] = [Counter() for _ in range(k)]
    dealt = []
    for group in sorted((groups[place] for place in order), key=len, reverse=True):
        labels = Counter(table.examples[number].label for number in group)
        open_ = [fold for fold in range(k) if sizes[fold] < share] or list(range(k))
        fold = min(open_, key=lambda fold: (sum(held[fold][label] * n for label, n in labels.items()), sizes[fold]))
        held[fold].update(labels)
        sizes[fold] += len(group)
        dealt.append((group, fold))
    return dealt
