"""Caps: how much work may one message cost?"""

from dataclasses import dataclass, field

from model.message.facts import Defect

MESSAGE_BYTES = 30_000_000
HEADER_BLOCK_BYTES = 256_000
HEADERS = 1_000
HEADER_VALUE_BYTES = 65_536
MESSAGE_ID_BYTES = 998  # one line: RFC 5322 lets it be no longer
LINES = 1_000_000
BOUNDARY_LINES = 20_000
ENCODED_WORDS = 5_000
NESTING = 10  # deeper is a defect; it is still read, as far as the parsers go
PARTS = 500
CAREFUL_LINES = 400_000
CAREFUL_HEADERS = 5_000
ATTACHED_MESSAGE_DEPTH = 3
ADDRESSES = 200
LINKS = 2_000
LINK_CANDIDATES = 8_000  # places looked at, duplicates included
LINK_CHARACTERS = 8_192
LINK_TEXT_CHARACTERS = 300
TEXT_CHARACTERS = 100_000
MARKUP_CHARACTERS = 2_000_000
MARKUP_MESSAGE_CHARACTERS = 6_000_000  # of all HTML parts together; beyond it only addresses are looked for
MARKUP_ATTRIBUTES = 500  # on one element; the parser's cost is quadratic in it
MARKUP_CLONES = 750_000  # elements that the parser may have to add for formatting nobody closed
MARKUP_DEPTH = 300  # elements in each other, where there are many and end tags as well
MARKUP_TAGS = 120_000
MARKUP_OPTIONS = 2_500
SRCDOC_DEPTH = 2
DEFECTS = 100
IMAGES = 10
IMAGE_BYTES = 8_000_000
IMAGE_PIXELS = 25_000_000
MESSAGE_PIXELS = 50_000_000
DOCUMENTS = 3
DOCUMENT_BYTES = 10_000_000
DOCUMENT_SECONDS = 5
DOCUMENT_MEMORY_BYTES = 700_000_000
DOCUMENT_PAGES = 20


@dataclass
class Defects:
    """The defects found so far: each code and detail once, never more than the cap."""

    found: dict[Defect, None] = field(default_factory=dict)

    def add(self, code: str, detail: str = "") -> None:
        """Note a defect."""
        if len(self.found) < DEFECTS:
            self.found[Defect(code, detail[:200])] = None

    def all(self) -> tuple[Defect, ...]:
        """Every defect, in the order of discovery."""
        return tuple(self.found)
