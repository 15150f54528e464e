"""Attach: what lies in the files that come along?"""

import io
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from html import escape

import numpy as np
import zxingcpp
from PIL import Image

from model.composed.world import World


@dataclass(frozen=True)
class File:
    """One attached file."""

    name: str
    type: str
    content: bytes
    inline: bool = False  # a picture shown in the text


def attach(world: World, ending: str, stem: str, title: str, url: str) -> File:
    """A file of this kind; those that can lead somewhere lead to `url`."""
    name = f"{stem}.{ending}"
    if ending == "ics":
        name = world.pick(("invite.ics", "meeting.ics", name))
        return File(name, "text/calendar; method=REQUEST; charset=UTF-8", _calendar(world, title, url))
    if ending == "pdf":
        kind = world.pick(("application/pdf", "application/pdf", "application/octet-stream"))
        return File(name, kind, _pdf(title, url))
    if ending in {"png", "qr"}:
        return File("image001.png", "image/png", _code(url) if ending == "qr" else _dot(), inline=True)
    content = _form(stem, title, url) if ending == "html" else _archive(ending) if ending in _ZIPPED else _PLAIN[ending]
    return File(name, _TYPES[ending], content)


_OFFICE = "application/vnd.openxmlformats-officedocument."
_TYPES = {
    "html": "text/html",
    "xml": "application/xml",
    "wav": "audio/wav",
    "docx": f"{_OFFICE}wordprocessingml.document",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
    "zip": "application/zip",
}
_PLAIN = {
    "xml": b"<?xml version='1.0'?><Invoice><ID>1</ID></Invoice>",
    "wav": b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + bytes(64),
}
_ZIPPED = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "zip": "document.txt"}


def _form(stem: str, title: str, url: str) -> bytes:
    """A page that asks for something: a bank's secured document, or a phish."""
    fields = '<input name="code" type="password"><input type="submit">'
    form = f'<form method="post" action="{escape(url)}">{fields}</form>'
    return f"<html><head><title>{stem}</title></head><body><p>{escape(title)}</p>{form}</body></html>".encode()


def _calendar(world: World, title: str, url: str) -> bytes:
    day = f"2026{world.chance.randint(1, 12):02}{world.chance.randint(1, 28):02}T{world.chance.randint(7, 17):02}"
    lines = (
        "BEGIN:VCALENDAR", "PRODID:-//Calendar//EN", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT",
        f"UID:{world.uuid()}", f"DTSTART:{day}0000Z", f"DTEND:{day}4500Z", f"SUMMARY:{title}",
        f"DESCRIPTION:{url}", f"LOCATION:{url}",
        "STATUS:CONFIRMED", "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


def _pdf(title: str, url: str) -> bytes:
    """One page with a line of text and, over it, a link."""
    text = "".join(letter for letter in title if letter.isascii() and letter not in "()\\")
    stream = f"BT /F1 14 Tf 60 740 Td ({text}) Tj ET".encode()
    address = url.replace("\\", "").replace("(", "%28").replace(")", "%29")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>/Annots[6 0 R]>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<</Type/Annot/Subtype/Link/Rect[60 730 400 760]/A<</S/URI/URI({address})>>>>".encode()
        if url
        else b"<</Type/Annot/Subtype/Text/Rect[0 0 1 1]>>",
    )
    made, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size 7/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(made)
    return made + b"xref\n0 7\n0000000000 65535 f \n" + table + end


def _code(url: str) -> bytes:
    barcode = zxingcpp.create_barcode(url, zxingcpp.BarcodeFormat.QRCode)
    picture = Image.fromarray(np.asarray(zxingcpp.write_barcode_to_image(barcode, scale=4)))
    return _png(picture)


@lru_cache(maxsize=1)
def _dot() -> bytes:
    return _png(Image.new("RGB", (120, 36), (40, 90, 160)))


def _png(picture: Image.Image) -> bytes:
    kept = io.BytesIO()
    picture.save(kept, "PNG")
    return kept.getvalue()


@lru_cache(maxsize=8)
def _archive(ending: str) -> bytes:
    """What office files and archives are: a zip, with the names that say which."""
    inside = _ZIPPED[ending]
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for name in ("[Content_Types].xml", inside) if ending != "zip" else (inside,):
            archive.writestr(zipfile.ZipInfo(name), "<?xml version='1.0'?><document/>")
    return kept.getvalue()
