"""Rows: what is kept of each parsed message, and which code made it?"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.corpus.clusters import MINIMA, sketch
from model.corpus.table import Example, Table, starts_of
from model.features.table import BAGS, DENSE, FEATURES_VERSION, rows
from model.message.domains import registrable
from model.message.facts import Facts
from model.message.parse import parse_message

_TOGETHER = 128  # messages; parsed facts are large, so few of them wait at a time
_MODEL = Path(__file__).parents[1]
_MAKERS = ("features/*", "message/*", "corpus/rows.py", "corpus/clusters.py")


@dataclass(frozen=True)
class Parsed:
    """All that a data set keeps of one message: numbers, names of headers, no readable text."""

    sha256: str
    domain: str
    date: str
    language: str
    body: str  # SHA-256 of the visible text, or empty when there is none
    headers: tuple[str, ...]
    buckets: NDArray[np.int32]
    lengths: NDArray[np.int32]  # (bags,)
    dense: NDArray[np.float32]
    sketch: NDArray[np.uint64]


def parsed(messages: Iterable[tuple[str, bytes]], authserv_ids: Sequence[str]) -> Iterator[Parsed]:
    """Rows of raw messages with their SHA-256, as many at a time as is quick; Authentication-Results of these count."""
    waiting = iter(messages)
    while together := list(islice(waiting, _TOGETHER)):
        many = [parse_message(raw, authserv_ids) for _, raw in together]
        made = rows(many)
        tokens = np.split(made.buckets, np.cumsum(made.lengths.sum(axis=1))[:-1])
        for number, (sha256, _) in enumerate(together):
            yield _parsed(sha256, many[number], tokens[number], made.lengths[number], made.dense[number])


def from_facts(many: Sequence[tuple[str, Facts]]) -> list[Parsed]:
    """Rows of messages that were parsed already, each with the hash that names it."""
    found: list[Parsed] = []
    for at in range(0, len(many), _TOGETHER):
        some = many[at : at + _TOGETHER]
        made = rows([facts for _, facts in some])
        tokens = np.split(made.buckets, np.cumsum(made.lengths.sum(axis=1))[:-1])
        found += [
            _parsed(name, facts, tokens[number], made.lengths[number], made.dense[number])
            for number, (name, facts) in enumerate(some)
        ]
    return found


def _parsed(
    sha256: str,
    facts: Facts,
    buckets: NDArray[np.int32],
    lengths: NDArray[np.int32],
    dense: NDArray[np.float32],
) -> Parsed:
    body_words = BAGS.index("body-words")
    before = int(lengths[:body_words].sum())
    return Parsed(
        sha256,
        domain=registrable(facts.from_address.rpartition("@")[2]),
        date=facts.date[:10],
        language=facts.language,
        body=hashlib.sha256(facts.text.encode("utf-8", "replace")).hexdigest() if facts.text else "",
        headers=tuple(sorted(set(facts.header_names))),
        buckets=buckets,
        lengths=lengths,
        dense=dense,
        sketch=sketch(buckets[before : before + lengths[body_words]]),
    )


def tabled(examples: Sequence[Example], read: Sequence[Parsed]) -> Table:
    """One table of examples and their rows; what a label does not say is filled in from the message."""
    lengths = np.array([made.lengths for made in read], dtype=np.int32).reshape(-1, len(BAGS))
    return Table(
        tuple(_filled(example, made) for example, made in zip(examples, read, strict=True)),
        np.concatenate([made.buckets for made in read]) if read else np.zeros(0, dtype=np.int32),
        starts_of(lengths),
        lengths,
        np.array([made.dense for made in read], dtype=np.float32).reshape(-1, len(DENSE)),
        np.array([made.sketch for made in read], dtype=np.uint64).reshape(-1, MINIMA),
    )


def _filled(example: Example, made: Parsed) -> Example:
    return replace(
        example,
        source=example.source or made.domain or example.corpus,
        date=example.date or made.date,
        body=example.body or made.body,
        language=example.language or made.language,
        sha256=made.sha256,
        domain=made.domain,
        headers=made.headers,
    )


def code_key(authserv_ids: Sequence[str], also: Sequence[str] = ()) -> str:
    """Names the code that makes rows; `also` are more files, as patterns below the package, that decide on them."""
    digest = hashlib.sha256(f"{FEATURES_VERSION} {BAGS} {DENSE} {list(authserv_ids)}".encode())
    for source in sorted(path for pattern in (*_MAKERS, *also) for path in _MODEL.glob(pattern) if path.is_file()):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]
