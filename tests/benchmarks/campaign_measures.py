"""Campaign measures: which copies does a threshold hold together, and what does it mix? All pairs, no sampling."""

from collections.abc import Sequence

import numpy as np

from model.corpus.clusters import components
from model.message.facts import Facts
from model.modules.campaigns import bands, minhash


def alike(many: Sequence[Facts], threshold: float) -> list[tuple[int, int]]:
    """Pairs that share a band and are at least so alike: what the store would find."""
    hashes = [minhash(facts) for facts in many]
    rows = np.array([np.frombuffer(each or b"\0" * 384, dtype="<u4") for each in hashes])
    groups: dict[tuple[int, str], list[int]] = {}
    for number, each in enumerate(hashes):
        for band, value in enumerate(bands(each) if each else ()):
            groups.setdefault((band, value), []).append(number)
    found: set[tuple[int, int]] = set()
    for group in groups.values():
        for place, one in enumerate(group):
            rest = np.array(group[place + 1 : place + 401], dtype=np.int64)
            near = rest[(rows[rest] == rows[one]).mean(axis=1) >= threshold] if len(rest) else rest
            found.update((one, int(other)) for other in near)
    return sorted(found)


def families(size: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """A number for each campaign that such pairs make."""
    keys: list[list[object]] = [[] for _ in range(size)]
    for pair in pairs:
        for number in pair:
            keys[number].append(pair)
    return components(keys)


def share_together(numbers: Sequence[int]) -> float:
    """The share of a campaign that one of its copies, drawn at random, is together with."""
    found = np.array(numbers)
    return float(np.mean([(found == number).mean() for number in found]))
