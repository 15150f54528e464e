"""Answer mail: how is what we tell somebody written as a mail?"""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from connectors.contract import OutgoingMail


def compose(mail: OutgoingMail, sender: str, message_id: str) -> bytes:
    """From `sender`, an address. Line breaks in the subject cannot become headers."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Unhook <{sender}>"
    message["To"] = mail.to
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{message_id}>"
    message["Auto-Submitted"] = "auto-replied"  # so that no vacation responder answers it
    message.set_content(mail.text)
    return message.as_bytes()
