"""Outlook builder: the smallest Outlook .msg file, written from Microsoft's description of the container."""

import struct

FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR, SMALL = 512, 64


def outlook_file(headers: str = "", text: str = "", html: bytes = b"") -> bytes:
    """A message with transport headers and bodies."""
    values = {
        (0x007D, 0x001F): headers.encode("utf-16-le"),
        (0x1000, 0x001F): text.encode("utf-16-le"),
        (0x1013, 0x0102): html,
    }
    values = {key: value for key, value in values.items() if value}
    entries = b"".join(struct.pack("<HHIII", kind, number, 6, len(v), 0) for (number, kind), v in values.items())
    codepage = struct.pack("<HHIII", 0x0003, 0x3FDE, 6, 65001, 0)
    streams = {f"__substg1.0_{number:04X}{kind:04X}": value for (number, kind), value in values.items()}
    return container({"__properties_version1.0": bytes(32) + codepage + entries, **streams})


def container(streams: dict[str, bytes], claimed: int = 0) -> bytes:
    """A compound file with these small streams; `claimed` lies about the size of each."""
    small, starts = b"", {}
    for name, content in streams.items():
        assert len(content) < 4096, "only small streams"
        starts[name] = len(small) // SMALL
        small += content.ljust(-(-len(content) // SMALL) * SMALL, b"\0")
    chain: list[int] = []
    for content in streams.values():
        count = -(-len(content) // SMALL)
        chain += [*range(len(chain) + 1, len(chain) + count), END]

    names = sorted(streams, key=lambda name: (len(name), name))
    directory = entry("Root Entry", 5, child=1, start=0, size=len(small))
    for place, name in enumerate(names, start=1):
        right = place + 1 if place < len(names) else FREE
        directory += entry(name, 2, right=right, start=starts[name], size=claimed or len(streams[name]))

    parts = [padded(small, b"\0"), padded(directory, b"\0"), padded(packed(chain), b"\xff")]
    counts = [len(part) // SECTOR for part in parts]
    fat: list[int] = []
    for count in counts:
        fat += [*range(len(fat) + 1, len(fat) + count), END]
    fat.append(FAT)
    assert len(fat) <= 128, "one sector of chains is enough for a test"
    return header(counts, len(fat) - 1) + b"".join(parts) + padded(packed(fat), b"\xff")


def header(counts: list[int], fat_at: int) -> bytes:
    first = struct.pack("<8s16sHHHHH6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 62, 3, 0xFFFE, 9, 6)
    small_table = counts[0] + counts[1]
    second = struct.pack("<IIIIIIIIII", 0, 1, counts[0], 0, 4096, small_table, counts[2], END, 0, fat_at)
    return padded(first + second, b"\xff")


def entry(name: str, kind: int, child: int = FREE, right: int = FREE, start: int = 0, size: int = 0) -> bytes:
    written = name.encode("utf-16-le") + b"\0\0"
    front = struct.pack("<64sHBBIII", written, len(written), kind, 1, FREE, right, child)
    return front + bytes(36) + struct.pack("<IQ", start, size)


def packed(numbers: list[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def padded(content: bytes, filler: bytes) -> bytes:
    return content + filler * (-len(content) % SECTOR)
