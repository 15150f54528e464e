"""Syslog: how is an event written as RFC 5424, and framed for TCP?"""

from datetime import UTC

from backend.outbound.event import Event

AUDIT = 13  # facility "log audit"
NOTICE = 5
ENTERPRISE = "unhook@32473"  # the number that RFC 5612 sets aside for documentation: we have none of our own
BOM = b"\xef\xbb\xbf"
_ESCAPED = str.maketrans({'"': '\\"', "\\": "\\\\", "]": "\\]"})


def line(event: Event, host: str) -> bytes:
    """One message: header, the ids as structured data, and the whole event as JSON."""
    at = event.at.replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"id": str(event.id), "tenant": event.tenant, "actor": event.actor, "subject": event.subject}
    data = " ".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in told.items())
    head = f"<{AUDIT * 8 + NOTICE}>1 {at} {_name(host, 255)} unhook - {_name(event.action, 32)} [{ENTERPRISE} {data}] "
    return head.encode() + BOM + event.body()


def framed(message: bytes) -> bytes:
    """With its length before it (RFC 6587, octet counting), so that no byte in it can end it."""
    return b"%d %b" % (len(message), message)


def _name(text: str, longest: int) -> str:
    """Printable ASCII without spaces, as the header's fields are; a dash for nothing."""
    return "".join(c for c in text.replace(" ", "-") if "!" <= c <= "~")[:longest] or "-"
