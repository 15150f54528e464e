"""What benchmarks need beside the tests' fixtures: the corpora, and a PostgreSQL with as much memory as docs advise."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import servers

MEMORY = "2GB"  # docs/store.md: a quarter of what the machine has


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL set up for a million rows; the folder of its socket."""
    with servers.postgres(MEMORY) as socket_folder:
        yield socket_folder


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The unpacked corpora; `make bench` unpacks them and sets CORPORA."""
    place = Path(os.environ.get("CORPORA", ""))
    if not (place / "labels.jsonl").is_file():
        raise RuntimeError("CORPORA must name the folder with labels.jsonl and the unpacked corpora: run `make bench`")
    return place
