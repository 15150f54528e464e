"""Mails to test with, as bytes that arrived through the gateway mx.example.org. All of them are made up."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

SENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def phish(
    to: str = "ana@example.org",
    message_id: str = "<update-77@mailer.account-check.test>",
    link: str = "http://login.microsoft.account-check.test/verify/session?id=77",
    extra: str = "",
) -> bytes:
    """A credential phish: a well-known name, an unrelated domain, a link that shows one address and leads elsewhere."""
    html = f"""<html><body><p>Dear user,</p>
<p>Your Microsoft 365 mailbox password expires today. Messages are being held and your account will be suspended
within 24 hours unless you confirm your password now.</p>
<p><a href="{link}">https://login.microsoftonline.com/</a></p>
<p>Verify your account immediately to keep your access. {extra}</p><p>Microsoft account team</p></body></html>"""
    return mail(
        to=to,
        sender="Microsoft 365 Security <no-reply@account-check.test>",
        subject="Action required: your mailbox password expires today",
        message_id=message_id,
        html=html,
        results="spf=fail smtp.mailfrom=account-check.test; dkim=none; dmarc=fail header.from=account-check.test",
    )


def note(to: str = "ana@example.org", message_id: str = "<lunch-5@example.org>", extra: str = "") -> bytes:
    """A colleague's note, aligned."""
    text = f"Hi all,\n\nthe minutes are in the usual folder. Next time we start at ten.\n{extra}\nBest regards\nBen\n"
    domain = "example.org"
    return mail(
        to=to,
        sender="Ben Okafor <ben@example.org>",
        subject="Minutes of Tuesday's meeting",
        message_id=message_id,
        text=text,
        results=f"spf=pass smtp.mailfrom={domain}; dkim=pass header.d={domain}; dmarc=pass header.from={domain}",
    )


def mail(
    to: str,
    sender: str,
    subject: str,
    message_id: str,
    text: str = "",
    html: str = "",
    results: str = "",
    sent: datetime = SENT,
) -> bytes:
    """One well-formed mail."""
    message = EmailMessage()
    if results:
        message["Authentication-Results"] = f"mx.example.org; {results}"
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(sent)
    if message_id:
        message["Message-ID"] = message_id
    message.set_content(text or "Please view this message as HTML.")
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()
