"""Sentences: which sentences of reasons.toml are there to translate? Asked by `make messages` only."""

import tomllib
from collections.abc import Iterator
from typing import IO

Found = tuple[int, str | None, str, list[str]]  # line, function, sentence, comments: what Babel asks for


def in_toml(file: IO[bytes], *_asked: object, **_options: object) -> Iterator[Found]:
    """The sentence and the known false positives of each reason."""
    for entry in tomllib.load(file).values():
        for key in ("sentence", "false_positives"):
            if entry.get(key):
                yield 1, None, entry[key], []
