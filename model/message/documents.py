"""Documents: where do the links and QR codes in attached PDFs lead?"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from model.message import caps
from model.message.caps import Defects

_CHILD = Path(__file__).with_name("pdf_child.py")


def read_documents(documents: Sequence[bytes], defects: Defects) -> list[tuple[str, str]]:
    """(place, address) of every link in the PDFs; place is `pdf` for annotations and `qr` for codes.

    PDF libraries are large and PDFs hostile, so they meet in a process of their own with limits on time and memory.
    """
    if len(documents) > caps.DOCUMENTS:
        defects.add("too-many-documents", str(len(documents)))
    found: list[tuple[str, str]] = []
    for content in documents[: caps.DOCUMENTS]:
        if len(content) > caps.DOCUMENT_BYTES:
            defects.add("document-too-large")
        else:
            found.extend(_read(content, defects))
    return found


def _read(content: bytes, defects: Defects) -> list[tuple[str, str]]:
    limits = [caps.DOCUMENT_SECONDS, caps.DOCUMENT_MEMORY_BYTES, caps.DOCUMENT_PAGES, caps.LINKS, caps.LINK_CHARACTERS]
    try:
        child = subprocess.run(  # noqa: S603 - our own file, run by our own interpreter; the PDF goes in by stdin
            [sys.executable, "-I", str(_CHILD), *map(str, limits)],
            input=content,
            capture_output=True,
            timeout=2 * caps.DOCUMENT_SECONDS,
            check=False,
            env={},
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        defects.add("document-unreadable", type(error).__name__)
        return []
    # Each finding is a line of its own: what was found before a limit struck still counts.
    if child.returncode != 0:
        defects.add("document-unreadable")
    return [finding for line in child.stdout.splitlines() if (finding := _finding(line))]


def _finding(line: bytes) -> tuple[str, str] | None:
    try:
        place, address = json.loads(line)
    except ValueError:  # the last line of a child that was stopped in mid-sentence
        return None
    return str(place), str(address)
