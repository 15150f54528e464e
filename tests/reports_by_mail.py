"""Reports by mail: what people and programs send to the addresses for reports. All of it is made up."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, compat32

from mails import phish

DOMAIN = "reports.example.net"
RELAY = "mx.reports.example.net"  # under this name the relay writes down what it found
SOC = "soc@example.org"
TEAM = f"acme+team+malicious@{DOMAIN}"
USER = f"acme+user+malicious@{DOMAIN}"
PASSED = f"{RELAY}; spf=pass smtp.mailfrom=example.org; dmarc=pass header.from=example.org"
FAILED = f"{RELAY}; spf=fail smtp.mailfrom=example.org; dmarc=fail header.from=example.org"
PHISH = phish()


def report(
    *attached: bytes,
    sender: str = SOC,
    to: str = TEAM,
    results: str = PASSED,
    text: str = "Please look at this.",
    **more,
) -> EmailMessage:
    """A mail with other mails attached, as mail programs attach them. `more` are headers, with _ for -."""
    mail = EmailMessage(policy=SMTP)
    if results:
        mail["Authentication-Results"] = results
    mail["From"] = f"Somebody <{sender}>"
    mail["To"] = to
    mail["Subject"] = "Reported"
    mail["Message-ID"] = f"<{abs(hash((attached, sender, to, text)))}@example.org>"
    for name, value in more.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    for raw in attached:
        mail.add_attachment(message_from_bytes(raw, policy=compat32))
    return mail


def with_file(content: bytes, name: str, kind: str = "application/octet-stream", **more) -> bytes:
    """A mail with one file attached, whatever it is."""
    mail = report(**more)
    main, _, sub = kind.partition("/")
    mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes()
