"""Everyday mail, and blatant phish, that keep the shipped checkpoint sane.

All made up, in other words than it was trained on.
"""

from email.message import EmailMessage


def _mail(sender, subject, text, links=(), results="pass", attachment="", html=True):
    domain = sender.rpartition("@")[2].rstrip(">")
    message = EmailMessage()
    checks = {
        "pass": f"spf=pass smtp.mailfrom={domain}; dkim=pass header.d={domain}; dmarc=pass header.from={domain}",
        "fail": f"spf=fail smtp.mailfrom={domain}; dkim=none; dmarc=fail header.from={domain}",
        "none": f"spf=none smtp.mailfrom={domain}; dkim=none; dmarc=none header.from={domain}",
    }
    message["Authentication-Results"] = f"mx.example.org; {checks[results]}"
    message["From"] = sender
    message["To"] = "Ana Diaz <ana.diaz@example.org>"
    message["Subject"] = subject
    message["Date"] = "Wed, 04 Mar 2026 10:12:00 +0000"
    message["Message-ID"] = f"<{abs(hash(subject)) % 10**9}@{domain}>"
    message.set_content(text + "".join(f"\n{shown}: {url}" for shown, url in links))
    if html:
        paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n"))
        anchors = "".join(f'<p><a href="{url}">{shown}</a></p>' for shown, url in links)
        message.add_alternative(f"<html><body>{paragraphs}{anchors}</body></html>", subtype="html")
    if attachment:
        kind = "calendar" if attachment.endswith("ics") else "pdf"
        content = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" if kind == "calendar" else b"%PDF-1.7\n%%EOF\n"
        main = "text" if kind == "calendar" else "application"
        message.add_attachment(content, maintype=main, subtype=kind, filename=attachment)
    return message.as_bytes()


LEGITIMATE = {
    "newsletter": _mail(
        "Kettle and Crumb <hello@kettleandcrumb.example>",
        "Sourdough for beginners, and our spring courses",
        "Hello Ana,\nspring is the best time to start your own sourdough. Our baker Tim explains how to feed it.\n"
        "New: evening courses every Thursday in our kitchen.\nYou can leave this list whenever you like.",
        [
            ("Read the recipe", "https://www.kettleandcrumb.example/blog/sourdough"),
            ("Leave the list", "https://www.kettleandcrumb.example/newsletter/leave"),
        ],
    ),
    "password reset": _mail(
        "Fahrradkeller <noreply@fahrradkeller.example>",
        "Reset your password for Fahrradkeller",
        "Hi Ana,\nsomebody, hopefully you, asked for a new password. Click the link to set it; after an hour it no "
        "longer works.\nNot you? Then simply delete this mail.",
        [("Set a new password", "https://shop.fahrradkeller.example/password/new?token=8f2c")],
    ),
    "colleague": _mail(
        "Ben Okafor <ben.okafor@example.org>",
        "Re: slides for Thursday",
        "Hi Ana,\nI swapped pages four and five and corrected the axis of a chart. Can you check the "
        "last paragraph before we send it round?\nThanks\nBen",
        html=False,
    ),
    "meeting": _mail(
        "Chloe Martin <chloe.martin@example.org>",
        "Invitation: planning round, Thursday 14:00",
        "Chloe Martin invites you to the planning round on Thursday at 14:00 in room 3.12.\nWe will go through the "
        "open points and agree on dates.",
        attachment="invite.ics",
    ),
    "invoice": _mail(
        "Glaserei Winter <buchhaltung@glaserei-winter.example>",
        "Rechnung 2026-118",
        "Guten Tag Frau Diaz,\nfür den Austausch der Scheibe erhalten Sie im Anhang unsere Rechnung über "
        "214,20 Euro, zahlbar in 14 Tagen.\nMit freundlichen Grüßen\nS. Winter",
        attachment="Rechnung-2026-118.pdf",
    ),
    "sign-in code": _mail(
        "Paperboat <security@paperboat.example>",
        "Your Paperboat sign-in code",
        "Hello,\n482910 is the code to finish signing in. It runs out in ten minutes.\nWe never ask for it by phone.",
    ),
    "shipping": _mail(
        "Librería Sol <pedidos@libreriasol.example>",
        "Tu pedido ya va de camino",
        "Hola Ana:\nhemos entregado tu paquete al transportista y llegará el viernes.\n"
        "Gracias por comprar en nuestra librería.",
        [("Ver el pedido", "https://www.libreriasol.example/pedidos/5512")],
    ),
}

PHISH = {
    "microsoft": _mail(
        "Microsoft 365 Security <no-reply@account-check.test>",
        "Action required: your mailbox password expires today",
        "Dear user,\nyour Microsoft 365 password expires today and incoming mail is being held.\nConfirm your password "
        "within 24 hours or your account will be suspended.",
        [("https://login.microsoftonline.com/", "http://login.microsoft.account-check.test/verify/session?id=77")],
        results="fail",
    ),
    "paypal": _mail(
        "PayPal <service@secure-billing-update.test>",
        "Your account has been limited",
        "Dear customer,\nwe noticed unusual activity and limited your PayPal account. Sign in and verify your card "
        "details immediately to avoid permanent suspension.",
        [("https://www.paypal.com/signin", "https://paypal.com.secure-billing-update.test/login")],
        results="none",
    ),
    "bank in german": _mail(
        "Sparkasse Kundenservice <info@sicherheit-konto.test>",
        "Ihr Konto wurde eingeschränkt",
        "Sehr geehrter Kunde,\nwegen einer Sicherheitsprüfung wurde Ihr Konto eingeschränkt. Bestätigen Sie Ihre Daten "
        "innerhalb von 24 Stunden, sonst wird der Zugang gesperrt.",
        [("www.sparkasse.de", "https://sparkasse-pushtan.sicherheit-konto.test/anmelden")],
        results="fail",
    ),
}
