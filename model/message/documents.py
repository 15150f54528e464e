"""Documents: where do the links and QR codes in attached PDFs lead?"""

import json
from collections.abc import Sequence

from model.message import caps
from model.message.caps import Defects
from model.message.pdf_process import Limits, PdfProcess

_PROCESS = PdfProcess()  # one for all threads; it starts with the first document


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
    limits = Limits(
        seconds=caps.DOCUMENT_SECONDS,
        memory=caps.DOCUMENT_MEMORY_BYTES,
        pages=caps.DOCUMENT_PAGES,
        findings=caps.LINKS,
        characters=caps.LINK_CHARACTERS,
    )
    try:
        lines, complete = _PROCESS.read(content, limits)
    except OSError as error:
        defects.add("document-unreadable", type(error).__name__)
        return []
    # Each finding is a line of its own: what was found before a limit struck still counts.
    if not complete:
        defects.add("document-unreadable")
    return [finding for line in lines.splitlines() if (finding := _finding(line))]


def _finding(line: bytes) -> tuple[str, str] | None:
    try:
        place, address = json.loads(line)
    except ValueError:  # the last line of a child that was stopped in mid-sentence
        return None
    return str(place), str(address)
