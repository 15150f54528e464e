"""Stamped: a mail as the provider that takes it in delivers it, with what it found out about the sender on top."""

from email.message import EmailMessage

HEADER_FIREWALL = b"x-ms-exchange-organization-"


def results_of(sender: str, found: str) -> str:
    """What a provider finds about this sender: `pass` or `fail`, for all there is."""
    domain = sender.rpartition("@")[2]
    return f"spf={found} smtp.mailfrom={domain}; dkim={found} header.d={domain}; dmarc={found} header.from={domain}"


def by_exchange(mail: EmailMessage | bytes, found: str = "pass", sender: str = "soc@example.org") -> bytes:
    """From outside, through Exchange Online: its own headers do not come in, results of others get another name."""
    kept = [_renamed(line) for line in _headers(mail) if not line.lower().startswith(HEADER_FIREWALL)]
    spf, dkim, dmarc = results_of(sender, found).split("; ")
    results = f"{spf.replace(' ', ' (sender IP is 192.0.2.7) ', 1)}; {dkim};{dmarc.replace(' ', ' action=none ', 1)};"
    mine = f"Authentication-Results: {results}compauth=pass reason=100\r\n".encode()
    return mine + b"X-MS-Exchange-Organization-AuthAs: Anonymous\r\n" + b"".join(kept) + _body(mail)


def inside_exchange(mail: EmailMessage | bytes, results: str = "") -> bytes:
    """From somebody of the same organisation, who had signed in: neither SPF nor DMARC is looked at."""
    mine = f"Authentication-Results: {results}\r\n".encode() if results else b""
    said = b"X-MS-Exchange-Organization-AuthAs: Internal\r\nX-MS-Exchange-Organization-AuthMechanism: 04\r\n"
    return mine + said + b"".join(_headers(mail)) + _body(mail)


def by_gmail(mail: EmailMessage | bytes, found: str = "pass", sender: str = "soc@example.org") -> bytes:
    """Through Gmail, which leaves what others wrote and writes above it."""
    mine = "Received: by 2002:a05:0:0:0 with SMTP id x\r\nAuthentication-Results: mx.google.com; "
    return f"{mine}{results_of(sender, found)}\r\n".encode() + b"".join(_headers(mail)) + _body(mail)


def _renamed(line: bytes) -> bytes:
    name, colon, value = line.partition(b":")
    return (
        b"Authentication-Results-Original:" + value
        if name.lower() == b"authentication-results"
        else name + colon + value
    )


def _headers(mail: EmailMessage | bytes) -> list[bytes]:
    """One for each, with the lines it is folded into."""
    lines = _bytes(mail).partition(b"\r\n\r\n")[0].split(b"\r\n")
    found: list[bytes] = []
    for line in lines:
        if line[:1] in {b" ", b"\t"}:
            found[-1] += line + b"\r\n"
        else:
            found.append(line + b"\r\n")
    return found


def _body(mail: EmailMessage | bytes) -> bytes:
    return b"\r\n" + _bytes(mail).partition(b"\r\n\r\n")[2]


def _bytes(mail: EmailMessage | bytes) -> bytes:
    return mail if isinstance(mail, bytes) else mail.as_bytes()
