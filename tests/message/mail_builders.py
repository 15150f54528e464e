"""Builders: how does a test write a mail?"""

from email.message import EmailMessage

PLAIN = "Content-Type: text/plain; charset=utf-8\r\n"
HTML = "Content-Type: text/html; charset=utf-8\r\n"


def mail(
    body: str = "Hello Ana,\r\nthe report is ready.\r\n", headers: str = "", kind: str = PLAIN, **changed: str
) -> bytes:
    """A small honest mail; `changed` replaces the usual headers (an empty value leaves one out)."""
    usual = {
        "From": "Bo Berg <bo@sender.example>",
        "To": "Ana <ana@receiver.example>",
        "Subject": "Report",
        "Date": "Mon, 01 Jun 2026 10:00:00 +0200",
        "Message-ID": "<1@sender.example>",
    }
    usual |= {name.replace("_", "-"): value for name, value in changed.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in usual.items() if value)
    return f"{lines}{headers}{kind}\r\n{body}".encode()


def html_mail(body: str, headers: str = "", **changed: str) -> bytes:
    """The same with an HTML body."""
    return mail(body, headers, HTML, **changed)


def mail_with(*files: tuple[str, str, bytes], text: str = "See attached.") -> bytes:
    """A mail with attachments, each (name, type, content)."""
    message = EmailMessage()
    message["From"] = "Bo Berg <bo@sender.example>"
    message["To"] = "ana@receiver.example"
    message["Subject"] = "Files"
    message["Date"] = "Mon, 01 Jun 2026 10:00:00 +0200"
    message["Message-ID"] = "<2@sender.example>"
    message.set_content(text)
    for name, kind, content in files:
        main, _, sub = kind.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()
