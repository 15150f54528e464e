"""Write: how does a mail look as the bytes that a gateway hands on?

The bytes are put together by hand: the library would take longer than everything else, and draw boundaries of its own.
"""

import binascii
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.header import Header
from email.utils import format_datetime

from model.composed.attach import File
from model.composed.sender import Sender
from model.composed.world import World

AUTHSERV_ID = "mx.composed.example"
_FIRST, _DAYS = datetime(2023, 1, 1, tzinfo=UTC), 1_200
_BOUNDARIES = (
    "----=_Part_{n7}_{n9}.{n13}",
    "{h28}",
    "_000_AM0PR0{n1}MB{n4}{h24}_",
    "000000000000{h16}",
    "--_NmP-{h16}-Part_1",
    "{h40}",
    "=_{h32}",
    "----=_NextPart_000_{h4}_01DA{h4}.{h8}",
)
_CHARSETS = ("utf-8", "UTF-8", '"utf-8"')


@dataclass(frozen=True)
class Body:
    """What a mail brings: text, HTML or both, and files."""

    subject: str
    text: str
    html: str
    files: tuple[File, ...] = ()


def write(body: Body, sender: Sender, to: str, world: World) -> bytes:
    """The mail in full, with headers as a gateway would leave them."""
    kind, content = _content(body, world, _boundary_style(world, sender))
    date = _date(world)
    headers = [*_trace(sender, to, date, world), *_own_headers(body, sender, to, date, world), *kind]
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode() + b"\r\n" + content


def _trace(sender: Sender, to: str, date: str, world: World) -> list[tuple[str, str]]:
    """What the receiving side put on top."""
    host = sender.route.host(world)
    address = ".".join(str(world.chance.randint(11, 220)) for _ in range(4))
    spf, dkim, dmarc = sender.results
    author = sender.address.rpartition("@")[2]
    selector = world.pick(("s1", "mail", "k2", "selector1", "scph0124"))
    signature = "dkim=none" if dkim == "none" else f"dkim={dkim} header.d={sender.signed} header.s={selector}"
    hop = f"from {host} ({host} [{address}])\r\n\tby {AUTHSERV_ID} with ESMTPS id {world.letters('w', 12)}"
    found = (f"spf={spf} smtp.mailfrom={_quoted(sender.return_path)}", signature, f"dmarc={dmarc} header.from={author}")
    return [
        ("Return-Path", f"<{sender.return_path}>"),
        ("Received", f"{hop}\r\n\tfor <{to}>; {date}"),
        ("Authentication-Results", ";\r\n\t".join((AUTHSERV_ID, *found))),
    ]


def _own_headers(body: Body, sender: Sender, to: str, date: str, world: World) -> list[tuple[str, str]]:
    found = []
    if sender.signed and world.often(0.85):
        tags = f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={sender.signed}; s={world.letters('w', 5)}"
        hashed = f"h=from:to:subject:date; bh={world.letters('w', 43)}=;\r\n\tb={world.letters('w', 64)}"
        found.append(("DKIM-Signature", f"{tags};\r\n\t{hashed}"))
    found += [
        ("From", f"{_words(sender.name)} <{sender.address}>"),
        ("To", to),
        ("Subject", _words(body.subject, quote=False)),
        ("Date", date),
        ("Message-ID", f"<{sender.route.message_id(world)}>"),
    ]
    if sender.reply_to:
        found.append(("Reply-To", sender.reply_to))
    if sender.route.flow == "bulk" or (sender.route.flow == "notice" and world.often(0.2)):
        found.append(("List-Unsubscribe", f"<https://{sender.sides[0]}/unsubscribe/{world.letters('h', 24)}>"))
        if world.often(0.7):
            found.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    names = {name.lower() for name, _ in found}
    found += [
        (name, _words(value, quote=False))
        for name, value in sender.route.headers(world, body.subject)
        if name.lower() not in names | {"mime-version"}
    ]
    found.append(("MIME-Version", "1.0"))
    return found


def _content(body: Body, world: World, style: str) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and bytes of the whole body: alternative inside related inside mixed, as far as needed."""
    shown = [file for file in body.files if file.inline]
    hung = [file for file in body.files if not file.inline]
    kinds = [(text, kind) for text, kind in ((body.text, "text/plain"), (body.html, "text/html")) if text]
    texts = [_text(text, kind, world) for text, kind in kinds]
    whole = texts[0] if len(texts) == 1 else _joined("alternative", texts, world, style)
    if shown:
        whole = _joined("related", [whole, *(_file(file, number) for number, file in enumerate(shown))], world, style)
    return (
        _joined("mixed", [whole, *(_file(file, number) for number, file in enumerate(hung))], world, style)
        if hung
        else whole
    )


_Part = tuple[list[tuple[str, str]], bytes]


def _joined(kind: str, parts: Sequence[_Part], world: World, style: str) -> _Part:
    boundary = world.fill(style, {})
    inside = b"".join(
        f"--{boundary}\r\n".encode()
        + "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
        + b"\r\n"
        + content
        + b"\r\n"
        for headers, content in parts
    )
    return [("Content-Type", f'multipart/{kind}; boundary="{boundary}"')], inside + f"--{boundary}--\r\n".encode()


def _text(text: str, kind: str, world: World) -> _Part:
    raw = text.replace("\n", "\r\n").encode()
    headers = [("Content-Type", f"{kind}; charset={world.pick(_CHARSETS)}")]
    if world.often(0.3):
        return [*headers, ("Content-Transfer-Encoding", "base64")], _base64(raw)
    made = binascii.b2a_qp(raw.replace(b"\r\n", b"\n"), istext=True).replace(b"\n", b"\r\n")
    return [*headers, ("Content-Transfer-Encoding", "quoted-printable")], made


def _file(file: File, number: int) -> _Part:
    place = [("Content-Disposition", f'{"inline" if file.inline else "attachment"}; filename="{file.name}"')]
    if file.inline:
        place.append(("Content-ID", f"<{content_id(number)}>"))
    kind = ("Content-Type", f'{file.type}; name="{file.name}"')
    return [kind, ("Content-Transfer-Encoding", "base64"), *place], _base64(file.content)


def content_id(number: int) -> str:
    """What the HTML calls a picture that comes along."""
    return f"image{number:03}"


def _base64(raw: bytes) -> bytes:
    encoded = b64encode(raw)
    return b"\r\n".join(encoded[start : start + 76] for start in range(0, len(encoded), 76))


def _words(text: str, *, quote: bool = True) -> str:
    """Words of a header: encoded where they must be, quoted where they name somebody."""
    if not text.isascii():
        return Header(text, "utf-8", maxlinelen=70).encode(linesep="\r\n")
    return '"{}"'.format(text.replace('"', "'")) if quote else text


def _quoted(path: str) -> str:
    local, _, domain = path.rpartition("@")
    return f'"{local}"@{domain}' if any(letter in local for letter in "=+~") else path


def _boundary_style(world: World, sender: Sender) -> str:
    return (
        _BOUNDARIES[sum(sender.route.name.encode()) % len(_BOUNDARIES)] if world.often(0.7) else world.pick(_BOUNDARIES)
    )


def _date(world: World) -> str:
    moment = _FIRST + timedelta(minutes=world.chance.randint(0, _DAYS * 24 * 60))
    return format_datetime(moment.astimezone(timezone(timedelta(hours=world.chance.randint(-8, 9)))))
