"""Dataset: which labelled messages are for training, which for calibrating, which for testing?

Labels are JSON lines: `path` and `label`, and if known `corpus`, `list`, `date`, `body_sha`, `sub`. Nothing is split at
random: a source (list or sender domain), a campaign and a stretch of time each stay on one side.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.composed.compose import compose
from model.composed.write import AUTHSERV_ID
from model.features.table import BAGS, DENSE, FEATURES_VERSION, row
from model.message.authentication import ANY
from model.message.domains import registrable
from model.message.parse import parse_message

USED = {"phish": "malicious", "spam": "spam", "bulk": "bulk", "benign": "none"}  # everything else is left out
TRAIN, CALIBRATE, TEST, LEFT_OUT = "train", "calibrate", "test", "left-out"
_MINHASHES, _BAND = 32, 4
_LEAST_WORDS = 8  # tokens; below, only an equal body makes two messages one campaign


@dataclass(frozen=True)
class SplitConfig:
    """How sources and times are dealt out. `salt` was chosen for the sizes of the parts, before any training."""

    salt: str = "266"
    train: float = 0.45
    calibrate: float = 0.35  # the rest is for testing
    by_time: tuple[str, ...] = ("phishing_pot",)
    calibrate_from: str = "2024-10"
    test_from: str = "2025-01"
    by_campaign: tuple[str, ...] = ("nazario", "spamassassin")
    weights: tuple[tuple[str, float], ...] = (
        ("spamassassin", 0.3),
        ("nazario", 0.3),
        ("sisimai_bounces", 0.3),
        ("composed", 0.5),
    )


@dataclass(frozen=True)
class Example:
    """One labelled message without its content."""

    path: str
    corpus: str
    label: str  # one of USED's values
    sub: str
    source: str
    date: str
    body: str
    cluster: int = -1
    split: str = TRAIN
    weight: float = 1.0


@dataclass(frozen=True)
class Table:
    """Examples with their rows; tokens of all bags lie one after another."""

    examples: tuple[Example, ...]
    buckets: NDArray[np.int32]  # (tokens,)
    starts: NDArray[np.int64]  # (N + 1,)
    lengths: NDArray[np.int32]  # (N, bags)
    dense: NDArray[np.float32]  # (N, dense)
    sketches: NDArray[np.uint64]  # (N, _MINHASHES)

    def __len__(self) -> int:
        return len(self.examples)

    def where(self, keep: Callable[[Example], bool]) -> NDArray[np.int64]:
        """The numbers of the examples that `keep` accepts."""
        return np.flatnonzero([keep(example) for example in self.examples])


Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]


def no_progress(items: Iterable[Any], _total: int, _what: str) -> Iterable[Any]:
    """Say nothing."""
    return items


def read_labels(labels: Path) -> list[dict[str, str]]:
    """The lines of the label file whose label is used."""
    lines = (json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines() if line.strip())
    return sorted((line for line in lines if line["label"] in USED), key=lambda line: line["path"])


def load(root: Path, labels: Path, cache: Path | None = None, progress: Progress = no_progress) -> Table:
    """Parse the labelled messages into rows. `cache` is a folder outside the repository; rows hold no readable text."""
    lines = read_labels(labels)

    def read() -> Table:
        return build(
            (_example(line), (root / line["path"]).read_bytes(), ANY) for line in progress(lines, len(lines), "reading")
        )

    return _kept(cache and cache / f"rows-{_key(json.dumps([str(root), lines], sort_keys=True))}.npz", read)


def load_composed(count: int, seed: int, cache: Path | None = None, progress: Progress = no_progress) -> Table:
    """Composed everyday mail, for training only."""

    def made() -> Iterable[tuple[Example, bytes, Sequence[str]]]:
        for number, mail in enumerate(progress(compose(count, seed), count, "composing")):
            label = USED[mail.label]
            yield (
                Example(f"composed/{number}", "composed", label, "composed", mail.group, "", mail.group),
                mail.raw,
                (AUTHSERV_ID,),
            )

    return _kept(cache and cache / f"composed-{_key(f'{count} {seed}')}.npz", lambda: build(made()))


def _kept(path: Path | None, make: Callable[[], Table]) -> Table:
    """The table kept at `path`, made and kept there when it is not."""
    if path and path.exists():
        return _read_table(path)
    table = make()
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_table(table, path)
    return table


def build(messages: Iterable[tuple[Example, bytes, Sequence[str]]]) -> Table:
    """Rows of raw messages; the third member names whose Authentication-Results count."""
    examples, tokens, lengths, dense, sketches = [], [], [], [], []
    for example, raw, authserv_ids in messages:
        facts = parse_message(raw, authserv_ids)
        seen = row(facts)
        source = example.source or registrable(facts.from_address.rpartition("@")[2]) or example.corpus
        examples.append(replace(example, source=source))
        tokens.append(seen.buckets()[0])
        lengths.append([len(bag) for bag in seen.bags])
        dense.append(seen.dense)
        sketches.append(_sketch(seen.bags[BAGS.index("body-words")].hashes))
    counts = np.array(lengths, dtype=np.int32).reshape(-1, len(BAGS))
    starts = np.concatenate(([0], np.cumsum(counts.sum(axis=1, dtype=np.int64))))
    return Table(
        tuple(examples),
        np.concatenate(tokens) if tokens else np.zeros(0, dtype=np.int32),
        starts,
        counts,
        np.array(dense, dtype=np.float32).reshape(-1, len(DENSE)),
        np.array(sketches, dtype=np.uint64).reshape(-1, _MINHASHES),
    )


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


def split(table: Table, config: SplitConfig) -> Table:
    """Deal the examples out; a campaign that reaches over a border stays on its earlier side only."""
    clusters = find_clusters(table)
    weights = dict(config.weights)
    parts = [_side(example, clusters[number], config) for number, example in enumerate(table.examples)]
    in_train = {cluster for cluster, part in zip(clusters, parts, strict=True) if part == TRAIN}
    in_calibration = {cluster for cluster, part in zip(clusters, parts, strict=True) if part == CALIBRATE}

    dealt = []
    for example, cluster, part in zip(table.examples, clusters, parts, strict=True):
        seen = (part != TRAIN and cluster in in_train) or (part == TEST and cluster in in_calibration)
        dealt.append(
            replace(example, cluster=cluster, split=LEFT_OUT if seen else part, weight=weights.get(example.corpus, 1.0))
        )
    return replace(table, examples=tuple(dealt))


def one_a_cluster(table: Table, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first of each near-duplicate cluster and label."""
    firsts: dict[tuple[int, str], int] = {}
    for number in numbers:
        example = table.examples[number]
        firsts.setdefault((example.cluster, example.label), int(number))
    return np.array(sorted(firsts.values()), dtype=np.int64)


def find_clusters(table: Table) -> list[int]:
    """A number for each near-duplicate cluster: equal bodies, or enough equal minima of hashed words."""
    parent = list(range(len(table)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    first: dict[object, int] = {}
    words = table.lengths[:, BAGS.index("body-words")]
    for number, example in enumerate(table.examples):
        keys: list[object] = [("body", example.body)] if example.body else []
        if words[number] >= _LEAST_WORDS:
            keys += [
                (band, table.sketches[number, band : band + _BAND].tobytes()) for band in range(0, _MINHASHES, _BAND)
            ]
        for key in keys:
            parent[root(number)] = root(first.setdefault(key, number))
    return [root(number) for number in range(len(table))]


def _side(example: Example, cluster: int, config: SplitConfig) -> str:
    if example.corpus == "composed":
        return TRAIN
    if example.corpus in config.by_time:
        return (
            TEST if example.date >= config.test_from else CALIBRATE if example.date >= config.calibrate_from else TRAIN
        )
    key = f"cluster {cluster}" if example.corpus in config.by_campaign else example.source
    place = int.from_bytes(hashlib.sha256(f"{config.salt} {key}".encode()).digest()[:4], "big") / 2**32
    return TRAIN if place < config.train else CALIBRATE if place < config.train + config.calibrate else TEST


def _example(line: Mapping[str, str | None]) -> Example:
    listed = (
        (line.get("list") or "").partition(".")[0].removeprefix("linux-")
    )  # a list keeps its name when its host moves
    return Example(
        path=str(line["path"]),
        corpus=(line.get("corpus") or ""),
        label=USED[str(line["label"])],
        sub=(line.get("sub") or ""),
        source=listed,
        date=(line.get("date") or ""),
        body=(line.get("body_sha") or ""),
    )


def _sketch(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The smallest of the hashed words under 32 different orders: equal minima estimate Jaccard similarity."""
    if not len(hashes):
        return np.zeros(_MINHASHES, dtype=np.uint64)
    odd = np.arange(1, 2 * _MINHASHES, 2, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)
    mixed = hashes[:, None] * odd[None, :]
    smallest: NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(32))).min(axis=0)
    return smallest


def _key(what: str) -> str:
    """Names the cache: what was read, and the code that makes rows of it."""
    digest = hashlib.sha256(f"{what} {FEATURES_VERSION} {BAGS} {DENSE}".encode())
    here = Path(__file__).parent
    for source in sorted([*here.glob("features/*"), *here.glob("message/*.py"), *here.glob("composed/*")]):
        if source.is_file():
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


_ARRAYS = ("buckets", "starts", "lengths", "dense", "sketches")


def _write_table(table: Table, path: Path) -> None:
    examples = json.dumps([example.__dict__ for example in table.examples]).encode()
    np.savez(path, examples=np.frombuffer(examples, dtype=np.uint8), **{name: getattr(table, name) for name in _ARRAYS})


def _read_table(path: Path) -> Table:
    with np.load(path, allow_pickle=False) as kept:
        examples = tuple(Example(**entry) for entry in json.loads(kept["examples"].tobytes()))
        return Table(examples, *(kept[name] for name in _ARRAYS))
