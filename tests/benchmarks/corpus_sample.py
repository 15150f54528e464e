"""Sample: which messages of the unpacked corpora are measured?"""

import json
import random
from pathlib import Path


def read_sample(corpora: Path, number: int) -> list[bytes]:
    """Every n-th message of all corpora, ordered by PDFs, corpus and label, so that each kind has its exact share.

    One message in two hundred holds a PDF, and those few may cost as much as all the others: chance must not decide
    how many of them there are. The order of the answer is shuffled, always the same way.
    """
    paths = sorted(read_paths(corpora), key=lambda path: (holds_pdf(path.read_bytes()), path))
    chosen = [paths[len(paths) * place // number] for place in range(number)]
    random.Random(5).shuffle(chosen)
    return [path.read_bytes() for path in chosen]


def read_paths(corpora: Path) -> list[Path]:
    """Every message that the labels name, whatever its label."""
    with (corpora / "labels.jsonl").open(encoding="utf-8") as lines:
        return [corpora / json.loads(line)["path"] for line in lines]


def holds_pdf(raw: bytes) -> bool:
    """Whether a PDF is attached, by its declared type or by how one begins in base64."""
    return b"JVBERi0" in raw or b"application/pdf" in raw.lower()
