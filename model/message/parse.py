"""Parse: what does this message say about itself?"""

import hashlib
from collections.abc import Sequence
from itertools import chain

from model.message import caps
from model.message.addresses import read_addresses
from model.message.authentication import ANY, read_authentication
from model.message.body import Body, read_body
from model.message.caps import Defects
from model.message.documents import read_documents
from model.message.facts import Address, Facts, Structure
from model.message.headers import Headers, date_in_utc, message_id, read_headers, return_path
from model.message.language import guess_language
from model.message.qr import read_codes
from model.message.source import Source, split

# After these the facts are not the whole message, so they must not make two messages look the same.
_NOT_READ = {
    "attached-message-not-read",
    "link-too-long",
    "markup-overloaded",
    "markup-too-long",
    "structure-unreadable",
    "too-many-links",
    "too-many-parts",
}


def parse_message(raw: bytes, authserv_ids: Sequence[str] = ()) -> Facts:
    """Facts of one raw message. Never raises on content, and costs a bounded amount of work.

    Authentication-Results count only from a server in `authserv_ids` (see docs/parsing.md); `ANY` is for training.
    """
    defects = Defects()
    source = split(raw, defects)
    headers = read_headers(source.headers, defects)
    body = read_body(source, defects)
    _read_pictures(body)

    text, attached_text, cut = _bounded_texts(body, source)
    from_ = _from(headers, defects)
    return Facts(
        size=len(raw),
        message_id=message_id(headers, defects),
        subject=headers.text("subject", 2_000),
        date=date_in_utc(headers, defects),
        from_=from_,
        reply_to=read_addresses(headers.all("reply-to"), defects),
        sender=read_addresses(headers.all("sender"), defects),
        to=read_addresses(headers.all("to"), defects),
        cc=read_addresses(headers.all("cc"), defects),
        return_path=return_path(headers),
        authentication=read_authentication(headers, authserv_ids, from_),
        header_names=headers.names,
        simulation_tokens=tuple(token[:200] for token in headers.all("x-unhook-simulation")[:20] if token),
        language=guess_language(text),
        text=text,
        attached_text=attached_text,
        links=body.links.all(),
        attachments=tuple(body.attachments),
        structure=_structure(body, headers, text),
        defects=defects.all(),
        cut_sha256=cut,
    )


def _from(headers: Headers, defects: Defects) -> tuple[Address, ...]:
    from_ = read_addresses(headers.all("from"), defects)
    if not any(address.address for address in from_):
        defects.add("from-missing")
    elif len(from_) > 1:
        defects.add("several-from-addresses", str(len(from_)))
    return from_


def _read_pictures(body: Body) -> None:
    """QR codes and PDFs, after everything cheaper."""
    images = body.images + body.links.images
    if images:
        for code in read_codes(images, body.defects):
            body.links.add("qr", code)
    if body.documents:
        for place, address in read_documents(body.documents, body.defects):
            body.links.add(place, address)


def _bounded_texts(body: Body, source: Source) -> tuple[str, str, str]:
    """The two texts within their caps, and a hash over all that did not fit."""
    text, rest = _tidy(body.text)
    attached, attached_rest = _tidy(body.attached_text)
    left_out = source.cut_off + rest + attached_rest
    if any(defect.code in _NOT_READ for defect in body.defects.found):
        left_out += hashlib.sha256(source.body).hexdigest()  # nobody knows what was missed: let every byte count
    return text, attached, hashlib.sha256(left_out.encode("utf-8")).hexdigest() if left_out else ""


def _tidy(texts: Sequence[str]) -> tuple[str, str]:
    lines = map(str.strip, chain.from_iterable(map(str.splitlines, texts)))
    joined = "\n".join(filter(None, lines))
    return joined[: caps.TEXT_CHARACTERS], joined[caps.TEXT_CHARACTERS :]


def _structure(body: Body, headers: Headers, text: str) -> Structure:
    return Structure(
        parts=body.parts,
        depth=body.depth,
        text_characters=len(text),
        html_characters=body.markup.html_characters,
        hidden_characters=body.markup.hidden_characters,
        images=body.markup.images + len(body.images),
        remote_images=body.markup.remote_images,
        forms=body.markup.forms,
        scripts=body.markup.scripts,
        received_hops=headers.count("received"),
        attached_messages=body.attached_messages,
        parsers_disagree=body.parsers_disagree,
    )


__all__ = ["ANY", "parse_message"]
