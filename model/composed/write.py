"""Write: how does a draft look as the bytes that a gateway hands on?"""

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

from model.composed.world import Results, World

AUTHSERV_ID = "mx.composed.example"
_CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
_FORM = b"<html><body><form><input name=p></form></body></html>"
_FILES = {  # by ending: content, type
    "ics": (_CALENDAR, "text/calendar"),
    "html": (_FORM, "text/html"),
    "htm": (_FORM, "text/html"),
    "pdf": (b"%PDF-1.4\n%%EOF\n", "application/pdf"),
}
_OTHER = (b"PK\x03\x04composed", "application/octet-stream")


@dataclass(frozen=True)
class Draft:
    """All that makes a mail, before it is written out."""

    kind: str
    company: str
    sender_name: str
    sender: str  # address
    link_hosts: tuple[str, ...]
    subject: str
    paragraphs: tuple[str, ...]
    labels: tuple[str, ...]
    closing: str
    results: Results
    reply_to: str = ""
    attachment: str = ""
    plain: bool = False


def write(draft: Draft, world: World) -> bytes:
    """The mail in full, with headers as a gateway would leave them."""
    mail = _headers(draft, world)
    urls = [_url(host, world) for host in draft.link_hosts]
    mail.set_content(_plain_text(draft, urls))
    if not draft.plain:
        mail.add_alternative(_html(draft, urls, world), subtype="html")
    if draft.attachment:
        content, kind = _FILES.get(draft.attachment.rpartition(".")[2], _OTHER)
        main, _, sub = kind.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=draft.attachment)
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():  # the library would draw boundaries from a generator of its own
            part.set_boundary(f"part-{number}-{world.chance.getrandbits(48):x}")
    return mail.as_bytes()


def _headers(draft: Draft, world: World) -> EmailMessage:
    chance = world.chance
    domain = draft.sender.partition("@")[2]
    spf, dkim, dmarc = draft.results
    signed = domain if dkim == "pass" else "none"
    mail = EmailMessage(policy=SMTP)
    mail["Return-Path"] = f"<bounce@{domain}>"
    mail["Authentication-Results"] = (
        f"{AUTHSERV_ID}; spf={spf} smtp.mailfrom={domain}; "
        f"dkim={dkim} header.d={signed}; dmarc={dmarc} header.from={domain}"
    )
    mail["From"] = f'"{draft.sender_name}" <{draft.sender}>'
    mail["To"] = f"{world.person().lower().replace(' ', '.')}@recipient.example"
    mail["Subject"] = draft.subject
    mail["Date"] = f"{chance.randint(1, 28):02} Sep 2025 {chance.randint(6, 20):02}:{chance.randint(0, 59):02}:00 +0000"
    mail["Message-ID"] = f"<{chance.getrandbits(64):016x}@{domain}>"
    if draft.reply_to:
        mail["Reply-To"] = draft.reply_to
    return mail


def _url(host: str, world: World) -> str:
    path = world.chance.choice(("a", "account", "view", "r", "mail", "orders", "n", "login", "track", "documents"))
    return f"https://{host}/{path}/{world.chance.getrandbits(40):x}"


def _plain_text(draft: Draft, urls: list[str]) -> str:
    links = [f"{label}: {url}" for label, url in zip(draft.labels, urls, strict=False)]
    return "\n\n".join((*draft.paragraphs, *links, draft.closing)) + "\n"


def _html(draft: Draft, urls: list[str], world: World) -> str:
    body = "".join(f"<p>{escape(part)}</p>" for part in draft.paragraphs)
    for label, url in zip(draft.labels, urls, strict=False):
        body += f'<p><a href="{url}" style="padding:10px">{escape(label)}</a></p>'
    logo = f'<img src="{urls[0]}/logo.png" alt="{escape(draft.company)}">' if urls and world.often(0.6) else ""
    return f"<html><body>{logo}{body}<p>{escape(draft.closing)}</p></body></html>"
