"""Store: how does a data set lie in one portable SQLite file?

`features` holds a row a message, by its SHA-256 and the code that made it, and may hold more than the data set uses:
what is there is not parsed again. `messages` is the data set in its order. `builds` says how it was made.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import sqlite_utils

from model.corpus.rows import Parsed
from model.corpus.table import Example

_ARRAYS = {"buckets": "<i4", "lengths": "<i4", "dense": "<f4", "sketch": "<u8"}
_WORDS = ("domain", "date", "language", "body")
_SCHEMA: dict[str, dict[str, type]] = {
    "features": {"sha256": str, "code_key": str}
    | dict.fromkeys((*_WORDS, "headers"), str)
    | dict.fromkeys(_ARRAYS, bytes),
    "messages": {
        field.name: {"cluster": int, "weight": float}.get(field.name, str)
        for field in fields(Example)
        if field.name != "headers"
    }
    | {"features_version": int},
    "builds": {
        "made_at": str,
        "code_key": str,
        "features_version": int,
        "messages": int,
        "clusters": int,
        "data_sha256": str,
        "bags": str,
        "dense": str,
        "split": str,
        "counts": str,
        "left_out": str,
    },
    "evidence": {"sha256": str, "raw": bytes},
}
_KEYS = {"features": "sha256", "evidence": "sha256"}
_PATIENCE = 60  # seconds that one process waits for another that writes the same file


class DatasetUnusable(ValueError):
    """This file is no data set, or not one for this code."""


@contextmanager
def opened(path: Path | None) -> Iterator["Store"]:
    """The data set in a file, made when there is none; None keeps it in memory only."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path or ":memory:", timeout=_PATIENCE)) as connection:
        store = Store(sqlite_utils.Database(connection, execute_plugins=False))
        try:
            store.prepare()
        except sqlite3.DatabaseError as error:
            raise DatasetUnusable(f"{path} is no data set ({error}): name another file") from error
        yield store


class Store:
    """The tables of one data set."""

    def __init__(self, database: sqlite_utils.Database) -> None:
        self._database = database

    def prepare(self) -> None:
        """Create what is missing. Raises DatasetUnusable when the file is a database of something else."""
        there = set(self._database.table_names())
        if there and there.isdisjoint(_SCHEMA):
            raise DatasetUnusable("this file is a database of something else: name another one")
        with self._database.conn:
            for name in _SCHEMA.keys() - there:
                self._database.table(name).create(_SCHEMA[name], pk=_KEYS.get(name), if_not_exists=True)

    def known(self, code_key: str) -> set[str]:
        """The hashes of the messages whose rows this code made."""
        found = self._database.execute("select sha256 from features where code_key = ?", [code_key])
        return {sha256 for (sha256,) in found}

    def keep(self, rows: Iterable[Parsed], code_key: str) -> None:
        """Keep rows, each for good as soon as its batch is written: a build that is stopped goes on where it was."""
        with self._database.conn:
            self._database.table("features").insert_all((_line(made, code_key) for made in rows), replace=True)

    def rows(self, sha256s: Sequence[str]) -> list[Parsed]:
        """The rows of these messages, in this order."""
        wanted = set(sha256s)
        found = {
            line["sha256"]: _parsed(line) for line in self._database.table("features").rows if line["sha256"] in wanted
        }
        return [found[sha256] for sha256 in sha256s]

    def forget_others(self, code_key: str, rows: set[str], evidence: set[str]) -> None:
        """Drop rows that other code made, those of other messages, and the raw bytes of others."""
        with self._database.conn:
            self._database.table("features").delete_where("code_key != ?", [code_key])
            for table, wanted in (("features", rows), ("evidence", evidence)):
                there = {line["sha256"] for line in self._database.table(table).rows_where(select="sha256")}
                for sha256 in there - wanted:
                    self._database.table(table).delete(sha256)

    def keep_evidence(self, messages: Mapping[str, bytes]) -> None:
        """Keep raw messages, compressed."""
        lines = [{"sha256": sha256, "raw": zlib.compress(raw)} for sha256, raw in messages.items()]
        with self._database.conn:
            self._database.table("evidence").insert_all(lines, ignore=True)

    def with_evidence(self) -> set[str]:
        """The hashes of the messages whose raw bytes are kept."""
        return {sha256 for (sha256,) in self._database.execute("select sha256 from evidence")}

    def write(self, examples: Sequence[Example], build: Mapping[str, Any]) -> None:
        """Make these the messages of the data set, and record how."""
        lines = (_message(example, build["features_version"]) for example in examples)
        with self._database.conn:
            self._database.table("messages").delete_where()
            self._database.table("messages").insert_all(lines)
            self._database.table("builds").insert(
                {
                    name: json.dumps(value) if isinstance(value, dict | list | tuple) else value
                    for name, value in build.items()
                }
            )

    def examples(self) -> list[Example]:
        """The messages in their order, without the names of their headers."""
        names = [field.name for field in fields(Example) if field.name != "headers"]
        lines = self._database.table("messages").rows_where(order_by="rowid")
        return [Example(**{name: line[name] for name in names}) for line in lines]

    def builds(self) -> list[dict[str, Any]]:
        """How the data set was made, the last time last."""
        texts = {"bags", "dense", "split", "counts", "left_out"}
        lines = self._database.table("builds").rows_where(order_by="rowid")
        return [{name: json.loads(v) if name in texts else v for name, v in line.items()} for line in lines]

    def shrink(self) -> None:
        """Give the room of dropped rows back to the disk."""
        self._database.vacuum()


def _line(made: Parsed, code_key: str) -> dict[str, Any]:
    line: dict[str, Any] = {"sha256": made.sha256, "code_key": code_key, "headers": "\n".join(made.headers)}
    line |= {name: getattr(made, name) for name in _WORDS}
    return line | {name: getattr(made, name).astype(kind).tobytes() for name, kind in _ARRAYS.items()}


def _message(example: Example, features_version: int) -> dict[str, Any]:
    line = asdict(example)
    del line["headers"]
    return line | {"features_version": features_version}


def _parsed(line: Mapping[str, Any]) -> Parsed:
    arrays: dict[str, Any] = {name: np.frombuffer(line[name], dtype=kind) for name, kind in _ARRAYS.items()}
    headers = tuple(line["headers"].split("\n")) if line["headers"] else ()
    return Parsed(sha256=line["sha256"], headers=headers, **{name: line[name] for name in _WORDS}, **arrays)
