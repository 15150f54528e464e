"""Where the corpora are, for the benchmarks that need them."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The unpacked corpora; `make bench` unpacks them and sets CORPORA."""
    place = Path(os.environ.get("CORPORA", ""))
    if not (place / "labels.jsonl").is_file():
        raise RuntimeError("CORPORA must name the folder with labels.jsonl and the unpacked corpora: run `make bench`")
    return place
