"""PDF child: which addresses does the PDF on standard input hold?

Run as a script in its own process by `documents.py`, which passes the limits. It imports nothing of ours.
"""

import io
import json
import resource
import sys
from typing import Any

_LONGEST_SIDE = 1_400  # pixels of a rendered page
_RENDERED = 3  # pages looked at for QR codes


def main() -> None:
    """Read the PDF, print one JSON line for every finding."""
    seconds, memory, pages, most, longest = map(int, sys.argv[1:6])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()

    codes = _rendered_codes(content)
    for place, address in (*codes[:most], *_annotations(content, pages)[:most]):
        print(json.dumps([place, address[:longest]]), flush=True)  # noqa: T201 - its output is the answer


def _annotations(content: bytes, pages: int) -> list[tuple[str, str]]:
    from pypdf import PdfReader

    found: list[tuple[str, str]] = []
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted:
        reader.decrypt("")
    for number, page in enumerate(reader.pages):
        if number >= pages:
            break
        annotations = page.get("/Annots")
        for reference in (annotations.get_object() if annotations is not None else None) or ():
            address = _target(reference.get_object())
            if address:
                found.append(("pdf", address))
    return found


def _target(annotation: Any) -> str:
    action = annotation.get("/A")
    action = action.get_object() if action is not None else {}
    target = action.get("/URI") or action.get("/F") or ""
    return target.decode("latin-1") if isinstance(target, bytes) else str(target) if isinstance(target, str) else ""


def _rendered_codes(content: bytes) -> list[tuple[str, str]]:
    import pypdfium2
    import zxingcpp

    found: list[tuple[str, str]] = []
    document = pypdfium2.PdfDocument(content)
    for number in range(min(len(document), _RENDERED)):
        page = document[number]
        scale = min(_LONGEST_SIDE / max(*page.get_size(), 1.0), 4.0)
        picture = page.render(scale=scale, grayscale=True).to_pil()
        codes = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
        found.extend(("qr", code.text) for code in codes[:10])
    return found


if __name__ == "__main__":
    main()
