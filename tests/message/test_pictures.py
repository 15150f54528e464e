"""Pictures: are the addresses in QR codes and PDFs found?"""

import base64
import io
import struct
import zlib

import pytest
import zxingcpp
from mail_builders import html_mail, mail_with
from PIL import Image
from pypdf import PdfWriter
from pypdf.annotations import Link as PdfLink

from model.message import caps
from model.message.parse import parse_message
from model.message.qr import grey_by_palette

ADDRESS = "https://hidden.example/qr"


def qr_code(scale=6):
    code = zxingcpp.create_barcode(ADDRESS, zxingcpp.BarcodeFormat.QRCode)
    return Image.fromarray(code.to_image(scale=scale)).convert("L")


def saved(image, kind):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def found(raw):
    return [(link.place, link.url) for link in parse_message(raw).links]


def codes(raw):
    return {defect.code for defect in parse_message(raw).defects}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_the_address_in_a_qr_code_is_a_link(kind):
    assert found(mail_with(("a", "image/x-any", saved(qr_code(), kind)))) == [("qr", ADDRESS)]


def test_a_qr_code_in_a_data_address_is_read():
    content = base64.b64encode(saved(qr_code(), "PNG")).decode()

    assert ("qr", ADDRESS) in found(html_mail(f"<img src='data:image/png;base64,{content}'>"))


def test_a_qr_code_in_a_large_photograph_is_read():
    page = Image.new("L", (3_000, 3_000), 255)
    page.paste(qr_code(scale=20), (500, 900))

    assert found(mail_with(("a.png", "image/png", saved(page, "PNG")))) == [("qr", ADDRESS)]


def png_that_claims(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + chunk(b"IEND", b"")
    )


def test_a_decompression_bomb_is_not_unpacked():
    assert "image-too-large" in codes(mail_with(("a.png", "image/png", png_that_claims(60_000, 60_000))))


def test_many_pictures_share_one_allowance_of_pixels():
    large = png_that_claims(5_000, 4_900)

    assert caps.MESSAGE_PIXELS < 4 * 5_000 * 4_900
    assert "image-too-large" in codes(mail_with(*[(f"{i}.png", "image/png", large + bytes([i])) for i in range(4)]))


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n" + b"\0" * 100, b"GIF89a" + b"\xff" * 100, b"\xff\xd8\xff\xe0" + b"x" * 99]
)
def test_a_broken_picture_is_a_defect(content):
    assert "image-unreadable" in codes(mail_with(("a.png", "image/png", content)))


def pdf_with_link():
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.add_annotation(0, PdfLink(rect=(0, 0, 50, 50), url="https://hidden.example/pdf"))
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_the_links_of_a_pdf_are_found():
    assert found(mail_with(("a.txt", "application/x-any", pdf_with_link()))) == [("pdf", "https://hidden.example/pdf")]


def test_a_qr_code_in_a_pdf_is_read():
    assert found(mail_with(("a.pdf", "application/pdf", saved(qr_code().convert("RGB"), "PDF")))) == [("qr", ADDRESS)]


def test_a_broken_pdf_is_a_defect():
    assert "document-unreadable" in codes(mail_with(("a.pdf", "application/pdf", b"%PDF-1.4\nnothing")))


@pytest.mark.parametrize("limit", ["DOCUMENT_MEMORY_BYTES", "DOCUMENT_SECONDS"])
def test_a_pdf_that_wants_too_much_ends_only_its_own_process(limit, monkeypatch):
    monkeypatch.setattr(caps, limit, 0)

    assert "document-unreadable" in codes(mail_with(("a.pdf", "application/pdf", pdf_with_link())))


def test_only_so_many_documents_are_opened():
    files = [(f"{i}.pdf", "application/pdf", pdf_with_link() + bytes([i])) for i in range(caps.DOCUMENTS + 1)]

    assert "too-many-documents" in codes(mail_with(*files))


@pytest.mark.parametrize("colours", [2, 7, 256])
@pytest.mark.parametrize("transparency", [None, 0, b"\0\x80\xff"])
@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palette_turned_grey_shows_what_its_pixels_turned_grey_would(colours, transparency, kind):
    mixed = Image.effect_noise((64, 48), 90)
    picture = Image.merge("RGB", (mixed, mixed.rotate(90), mixed.rotate(180))).quantize(colours)
    if transparency is not None:
        picture.info["transparency"] = transparency if kind == "PNG" else 0
    opened = Image.open(io.BytesIO(saved(picture, kind)))
    assert opened.mode == "P"
    assert grey_by_palette(opened).tobytes() == opened.convert("RGBA").convert("L").tobytes()
