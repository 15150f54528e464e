"""Dataset: where does the table come from that is trained and measured on?

From a folder with its labels, from a data set that `unhook corpus build` made, or composed: see `corpus/`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from model.composed.compose import Composed, compose
from model.composed.skeletons import KEPT
from model.composed.write import AUTHSERV_ID
from model.corpus.clusters import find_clusters, one_a_cluster
from model.corpus.dataset import collect, data_hash, described, read_dataset, write_dataset
from model.corpus.folds import apart_from, folds
from model.corpus.headers import zero_header_features
from model.corpus.labels import LabelsUnusable, read_labels
from model.corpus.rows import Parsed, code_key, parsed, tabled
from model.corpus.seen import seen_hashes, was_seen
from model.corpus.sources import Labelled, labelled
from model.corpus.splits import SplitConfig, split
from model.corpus.store import DatasetUnusable, opened
from model.corpus.table import (
    CALIBRATE,
    COMPOSED,
    LEFT_OUT,
    TEST,
    TRAIN,
    USED,
    Example,
    Progress,
    Table,
    join,
    no_progress,
    take,
)
from model.message.authentication import ANY


def load(root: Path, labels: Path, cache: Path | None = None, progress: Progress = no_progress) -> Table:
    """The labelled messages under `root` as rows; a `root` that is a file is a data set and is read as it is.

    `cache` is a folder outside the repository; what it keeps holds no readable text.
    """
    if root.is_file():
        return read_dataset(root)
    key = code_key(ANY)
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]
    with opened(_only_newest(cache, f"rows-{name}", key)) as store:
        return collect(labelled(root, labels).messages, store, key, progress=progress)


def load_composed(
    count: int, seed: int, cache: Path | None = None, progress: Progress = no_progress, templates: Path | None = None
) -> Table:
    """Composed everyday mail, for training only. `templates` is the folder that `model.composed.templates` filled."""
    key = code_key((AUTHSERV_ID,), also=("composed/**/*",))
    dressed = hashlib.sha256((templates / KEPT).read_bytes()).hexdigest()[:8] if templates else "plain"
    path = _only_newest(cache, f"composed-{count}-{seed}-{dressed}", key)
    if path and path.exists():
        return read_dataset(path, key)
    mails = [
        Labelled(_composed(number, mail), partial(bytes, mail.raw))
        for number, mail in enumerate(progress(compose(count, seed, templates), count, "composing"))
    ]
    if path:
        return _kept_whole(mails, path, key, progress)
    with opened(None) as store:
        return collect(mails, store, key, (AUTHSERV_ID,), progress)


def _kept_whole(mails: Sequence[Labelled], path: Path, key: str, progress: Progress) -> Table:
    """Written beside its place and moved there when it is whole: a run beside this one never meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix="composing-") as folder:
        part = Path(folder) / path.name
        write_dataset(mails, part, datetime.now(UTC), progress=progress, key=key, authserv_ids=(AUTHSERV_ID,))
        part.replace(path)
    return read_dataset(path, key)


def _composed(number: int, mail: Composed) -> Example:
    return Example(
        f"{COMPOSED}/{number}",
        COMPOSED,
        USED[mail.label],
        mail.kind,
        source=mail.group,
        date="",
        body=mail.group,
        language=mail.language,
    )


def build(messages: Iterable[tuple[Example, bytes, Sequence[str]]]) -> Table:
    """Rows of raw messages; the third member names whose Authentication-Results count."""
    examples: list[Example] = []
    rows: list[Parsed] = []
    for example, raw, authserv_ids in messages:
        examples.append(example)
        rows += parsed([(hashlib.sha256(raw).hexdigest(), raw)], authserv_ids)
    return tabled(examples, rows)


def _only_newest(cache: Path | None, name: str, key: str) -> Path | None:
    """Where rows are kept between runs; what other code made of the same mail is thrown away."""
    if cache is None:
        return None
    kept = cache / f"{name}-{key}.db"
    for other in cache.glob(f"{name}-*.db"):
        if other != kept:
            other.unlink(missing_ok=True)
    return kept


__all__ = [
    "CALIBRATE",
    "LEFT_OUT",
    "TEST",
    "TRAIN",
    "USED",
    "DatasetUnusable",
    "Example",
    "LabelsUnusable",
    "Parsed",
    "Progress",
    "SplitConfig",
    "Table",
    "apart_from",
    "build",
    "data_hash",
    "described",
    "find_clusters",
    "folds",
    "join",
    "load",
    "load_composed",
    "no_progress",
    "one_a_cluster",
    "read_dataset",
    "read_labels",
    "seen_hashes",
    "split",
    "take",
    "was_seen",
    "write_dataset",
    "zero_header_features",
]
