"""QR: what do the codes in this picture say?"""

import io
import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from model.message import caps
from model.message.caps import Defects

_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")  # the decoders that hostile bytes may reach
_SMALLEST = 40  # pixels; a code of version 1 has 21 modules
_ENOUGH = 1_600  # pixels on the longer side; larger pictures are halved until they fit
_COLOURS = 256  # of a palette


def read_codes(images: Sequence[bytes], defects: Defects) -> list[str]:
    """The text of every QR code in the pictures, within the caps on pictures and pixels."""
    if len(images) > caps.IMAGES:
        defects.add("too-many-images", str(len(images)))
    reader = _Reader(defects)
    for content in images[: caps.IMAGES]:
        if len(content) > caps.IMAGE_BYTES:
            defects.add("image-too-large", "bytes")
        else:
            reader.read(content)
    return reader.found


@dataclass
class _Reader:
    """Reads picture after picture until the message's allowance of pixels is spent."""

    defects: Defects
    found: list[str] = field(default_factory=list)
    pixels: int = 0

    def read(self, content: bytes) -> None:
        """Add the codes of one picture to those found."""
        from PIL import Image

        try:
            self._decode(content)
        except Image.DecompressionBombError:
            self.defects.add("image-too-large", "pixels")
        except (OSError, ValueError, SyntaxError, OverflowError, EOFError, IndexError, struct.error) as error:
            self.defects.add("image-unreadable", type(error).__name__)

    def _decode(self, content: bytes) -> None:
        import zxingcpp
        from PIL import Image

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # we check the size ourselves, before anything is unpacked
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
        if min(image.size) < _SMALLEST:
            return
        self.pixels += image.width * image.height  # before unpacking, so that a broken picture costs as much
        if image.width * image.height > caps.IMAGE_PIXELS or self.pixels > caps.MESSAGE_PIXELS:
            self.defects.add("image-too-large", "pixels")
            return

        image.load()
        grey = grey_by_palette(image) if image.mode == "P" else image.convert("L")
        if max(grey.size) > _ENOUGH:
            grey = grey.reduce(max(grey.size) // _ENOUGH + 1)
        codes = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
        self.found.extend(code.text[: caps.LINK_CHARACTERS] for code in codes[:10])


def grey_by_palette(image: Any) -> Any:
    """The picture in shades of grey, found once for each colour of its palette and not for each pixel."""
    from PIL import Image

    colours = Image.frombytes("P", (_COLOURS, 1), bytes(range(_COLOURS)))
    colours.putpalette(image.getpalette("RGB"))
    return image.point(colours.convert("RGB").convert("L").tobytes(), "L")
