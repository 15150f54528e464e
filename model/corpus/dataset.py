"""Dataset: how do labelled messages become a table, without parsing any of them twice?"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from model.corpus.rows import code_key, parsed, tabled
from model.corpus.sources import Labelled
from model.corpus.splits import SplitConfig, split
from model.corpus.store import DatasetUnusable, Store, opened
from model.corpus.table import Progress, Table, no_progress
from model.features.table import BAGS, DENSE, FEATURES_VERSION
from model.message.authentication import ANY

_BATCH = 512  # rows written at once; what a stopped build loses at most


def collect(
    messages: Sequence[Labelled],
    store: Store,
    key: str,
    authserv_ids: Sequence[str] = ANY,
    progress: Progress = no_progress,
    *,
    evidence: bool = False,
) -> Table:
    """The table of these messages; rows that the store has from the same bytes and code are taken from there."""
    hashes: list[str] = []
    known, kept = store.known(key), store.with_evidence()
    raws: dict[str, bytes] = {}

    def fresh() -> Iterator[tuple[str, bytes]]:
        for message in progress(messages, len(messages), "reading"):
            raw = message.read()
            sha256 = hashlib.sha256(raw).hexdigest()
            hashes.append(sha256)
            if evidence and sha256 not in kept:
                raws[sha256] = raw
            if sha256 not in known:
                known.add(sha256)
                yield sha256, raw

    rows = parsed(fresh(), authserv_ids)
    while batch := list(islice(rows, _BATCH)):
        store.keep(batch, key)
        store.keep_evidence(raws)
        raws.clear()
    store.keep_evidence(raws)
    return tabled([message.example for message in messages], store.rows(hashes))


def write_dataset(
    messages: Sequence[Labelled],
    path: Path,
    made_at: datetime,
    config: SplitConfig | None = None,
    left_out: Mapping[str, int] | None = None,
    progress: Progress = no_progress,
    *,
    evidence: bool = False,
    key: str | None = None,
    authserv_ids: Sequence[str] = ANY,
) -> Table:
    """Make `path` the data set of these messages, dealt out; `left_out` says how many were not taken, and why."""
    config, key = config or SplitConfig(), key or code_key(ANY)
    with opened(path) as store:
        read = collect(messages, store, key, authserv_ids, progress, evidence=evidence)
        table = split(read, config)
        hashes = {example.sha256 for example in table.examples}
        store.write(table.examples, _build(table, config, key, made_at, left_out or {}))
        store.forget_others(key, hashes, hashes if evidence else set())
        store.shrink()
    return table


def read_dataset(path: Path, key: str | None = None) -> Table:
    """The table of a data set. Raises DatasetUnusable when other code made its rows."""
    with _finished(path) as (store, build):
        if build["code_key"] != (key or code_key(ANY)):
            raise DatasetUnusable(f"another version of Unhook made the rows of {path}: run unhook corpus build again")
        examples = store.examples()
        return tabled(examples, store.rows([example.sha256 for example in examples]))


def described(path: Path) -> dict[str, Any]:
    """How a data set was made the last time, and what is in it; any version's."""
    with _finished(path) as (store, build):
        return {**build, "builds": len(store.builds())}


@contextmanager
def _finished(path: Path) -> Iterator[tuple[Store, dict[str, Any]]]:
    """A data set that was built to its end, and how it was made the last time."""
    if not path.is_file():
        raise DatasetUnusable(f"{path} is not there: make it with unhook corpus build")
    with opened(path) as store:
        builds = store.builds()
        if not builds:
            raise DatasetUnusable(f"{path} was never finished: run unhook corpus build again, it goes on where it was")
        yield store, builds[-1]


def data_hash(table: Table) -> str:
    """SHA-256 over every message's hash, label, part, weight and row."""
    digest = hashlib.sha256()
    for example in table.examples:
        digest.update(f"{example.sha256} {example.label} {example.split} {example.weight}\n".encode())
    for array in (table.buckets, table.lengths, table.dense):
        digest.update(array.tobytes())
    return digest.hexdigest()


def _build(
    table: Table, config: SplitConfig, key: str, made_at: datetime, left_out: Mapping[str, int]
) -> dict[str, Any]:
    counts = Counter(f"{example.corpus}/{example.label}/{example.split}" for example in table.examples)
    return {
        "made_at": made_at.isoformat(timespec="seconds"),
        "code_key": key,
        "features_version": FEATURES_VERSION,
        "messages": len(table),
        "clusters": len({example.cluster for example in table.examples}),
        "data_sha256": data_hash(table),
        "bags": BAGS,
        "dense": DENSE,
        "split": asdict(config),
        "counts": dict(sorted(counts.items())),
        "left_out": dict(sorted(left_out.items())),
    }
