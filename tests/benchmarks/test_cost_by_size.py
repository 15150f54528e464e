"""How does the cost of one message grow with its size, in the corpora and up to the caps?"""

import base64
import random
from collections.abc import Callable
from math import log2
from pathlib import Path

import pytest
from corpus_sample import holds_pdf, read_sample
from measure import cost, load, one_core, show
from scorer import Scorer, load_scorer

MESSAGES = 3_072
EDGES = (2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 10**9)
SMALLEST, LARGEST = 32_000, 32_768_000  # the cap on one message is 30 MB
LEAST_SECONDS = 0.05  # measured at least so long
HEAD = b"From: Ben <ben@example.org>\r\nTo: ana@example.org\r\nSubject: Minutes\r\nMIME-Version: 1.0\r\n"


@pytest.mark.timeout(1_800)
def test_cost_by_size_in_the_corpora(corpora: Path):
    scorer, raws = load_scorer(), read_sample(corpora, MESSAGES)
    plain = [raw for raw in raws if not holds_pdf(raw)]
    lines = {}
    with one_core():
        scorer.everything(raws[:100])
        low = 0
        for edge in EDGES:
            those = [raw for raw in plain if low <= len(raw) < edge]
            name = (
                f"{low / 1000:,.0f} to {edge / 1000:,.0f} kB" if edge < EDGES[-1] else f"{low / 1000:,.0f} kB and more"
            )
            if those:
                lines[name] = _per_message(scorer, those)
            low = edge
        lines["all without a PDF"] = _per_message(scorer, plain)
        lines["those with a PDF"] = _per_message(scorer, [raw for raw in raws if holds_pdf(raw)])
        lines["all"] = _per_message(scorer, raws)
    show(f"Cost by size, {len(raws):,} messages of the corpora, one thread ({load()})", lines)
    assert len(lines) >= 5


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("kind", ["plain text", "HTML", "links", "attachment", "headers", "parts", "encoded words"])
def test_cost_of_a_mail_that_doubles(kind: str):
    scorer = load_scorer()
    scorer.everything([_mail(kind, SMALLEST)] * 3)
    sizes = [SMALLEST << step for step in range((LARGEST // SMALLEST).bit_length())]
    with one_core():
        taken = {size: _seconds(scorer, _mail(kind, size)) for size in sizes}

    lines, before = {}, 0.0
    for size, seconds in taken.items():
        grown = f"grows as size^{log2(seconds / before):.2f}" if before else ""
        lines[f"{size / 1000:>8,.0f} kB"] = (
            f"{seconds * 1000:>9,.1f} ms  {seconds / size * 1e9:>7,.0f} ns a byte  {grown}"
        )
        before = seconds
    show(f"A mail of {kind} that doubles ({load()})", lines)
    assert len(taken) == 11


def _per_message(scorer: Scorer, raws: list[bytes]) -> str:
    took = cost(lambda: scorer.everything(raws))
    number, size = len(raws), sum(map(len, raws))
    return (
        f"{number:>5,} messages of {size / number / 1000:>6,.1f} kB, {took.cpu / number * 1000:>7.2f} ms each, "
        f"{took.cpu / size * 1e6:>6.0f} ms a MB, {number / took.cpu:>6,.0f} messages/s"
    )


def _seconds(scorer: Scorer, raw: bytes) -> float:
    """Processor seconds for one message; small ones several times, the best of them."""
    first = cost(lambda: scorer.everything([raw])).cpu
    again = min(20, int(LEAST_SECONDS / max(first, 1e-4)))
    return min([first, *(cost(lambda: scorer.everything([raw])).cpu for _ in range(again))])


def _mail(kind: str, size: int) -> bytes:
    """A mail of about `size` bytes, nearly all of one kind."""
    return _KINDS[kind](random.Random(5), size)[:size]


def _fill(size: int, piece: Callable[[int], str]) -> bytes:
    made, length, number = [], 0, 0
    while length < size:
        made.append(piece(number))
        length += len(made[-1])
        number += 1
    return "".join(made).encode()


def _sentence(draw: random.Random) -> str:
    return " ".join("".join(draw.choices("aeinrstlmdou", k=draw.randint(2, 10))) for _ in range(12))


def _text(draw: random.Random, size: int) -> bytes:
    return HEAD + b"Content-Type: text/plain\r\n\r\n" + _fill(size, lambda _: f"{_sentence(draw)}.\r\n")


def _html(draw: random.Random, size: int) -> bytes:
    return (
        HEAD
        + b"Content-Type: text/html\r\n\r\n"
        + _fill(size, lambda _: f"<div><p class=x>{_sentence(draw)}</p></div>\r\n")
    )


def _links(draw: random.Random, size: int) -> bytes:
    def link(number: int) -> str:
        host = "".join(draw.choices("abcdefgh", k=6))
        return f'<a href="https://{host}.example.org/{number}?a={number}">look at {number}</a><br>\r\n'

    return HEAD + b"Content-Type: text/html\r\n\r\n" + _fill(size, link)


def _attachment(draw: random.Random, size: int) -> bytes:
    start = b'Content-Type: application/octet-stream; name="a.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return HEAD + start + base64.encodebytes(draw.randbytes(size * 3 // 4))


def _headers(draw: random.Random, size: int) -> bytes:
    lines = _fill(size, lambda number: f"X-Note-{number}: {_sentence(draw)}\r\n")
    return HEAD + lines[: size - 300] + b"\r\n\r\nshort\r\n"


def _parts(draw: random.Random, size: int) -> bytes:
    start = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return HEAD + start + _fill(size, lambda _: f"--b\r\nContent-Type: text/plain\r\n\r\n{_sentence(draw)}\r\n")


def _words(draw: random.Random, size: int) -> bytes:
    words = _fill(size - 300, lambda _: f" =?utf-8?q?{''.join(draw.choices('abcdef', k=30))}?=\r\n")
    return b"X-Long:" + words + HEAD + b"\r\nshort\r\n"


_KINDS = {
    "plain text": _text,
    "HTML": _html,
    "links": _links,
    "attachment": _attachment,
    "headers": _headers,
    "parts": _parts,
    "encoded words": _words,
}
