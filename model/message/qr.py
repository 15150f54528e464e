"""QR: what do the codes in this picture say?"""

import io
import warnings
from collections.abc import Sequence

from model.message import caps
from model.message.caps import Defects

_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")  # the decoders that hostile bytes may reach
_SMALLEST = 40  # pixels; a code of version 1 has 21 modules
_ENOUGH = 1_600  # pixels on the longer side; larger pictures are halved until they fit


def read_codes(images: Sequence[bytes], defects: Defects) -> list[str]:
    """The text of every QR code in the pictures, within the caps on pictures and pixels."""
    if len(images) > caps.IMAGES:
        defects.add("too-many-images", str(len(images)))
    found: list[str] = []
    pixels = 0
    for content in images[: caps.IMAGES]:
        if len(content) > caps.IMAGE_BYTES:
            defects.add("image-too-large", "bytes")
            continue
        pixels += _read(content, caps.MESSAGE_PIXELS - pixels, found, defects)
    return found


def _read(content: bytes, allowed: int, found: list[str], defects: Defects) -> int:
    """Add the codes of one picture to `found`; how many pixels it cost."""
    import zxingcpp
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # we check the size ourselves, before anything is unpacked
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
        width, height = image.size
        if min(width, height) < _SMALLEST:
            return 0
        if width * height > min(caps.IMAGE_PIXELS, allowed):
            defects.add("image-too-large", "pixels")
            return 0
        grey = image.convert("RGBA").convert("L") if image.mode == "P" else image.convert("L")
        if max(width, height) > _ENOUGH:
            grey = grey.reduce(max(width, height) // _ENOUGH + 1)
        codes = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
        found.extend(code.text[: caps.LINK_CHARACTERS] for code in codes[:10])
        return width * height
    except (
        OSError,
        ValueError,
        SyntaxError,
        OverflowError,
        EOFError,
        IndexError,
        Image.DecompressionBombError,
    ) as error:
        defects.add("image-unreadable", type(error).__name__)
        return 0
