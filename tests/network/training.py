"""A tiny labelled folder, written by code, to train a tiny network on."""

import json
import random
from email.message import EmailMessage
from pathlib import Path

from model.fit import FitConfig
from model.network import NetworkConfig
from model.train import TrainConfig

TINY = TrainConfig(
    network=NetworkConfig(width=4, hidden=8),
    fit=FitConfig(epochs=8, batch=64, rate=0.01),
    composed=60,
    targets=(0.2, 0.1, 0.05, 0.02, 0.001),
)

LURES = ("verify your account now", "your password expires today", "account suspended, sign in", "confirm your payment")
NOTES = ("minutes of the meeting", "lunch on friday", "draft of the report", "parcel on its way")
SYLLABLES = ("ba", "co", "di", "fe", "gu", "ha", "jo", "ki", "lu", "me", "no", "pa", "ri", "so", "tu", "ve")


def write_folder(root: Path, count: int = 480) -> Path:
    """Mails from many senders, a quarter of each kind; returns the label file."""
    lines = []
    for number in range(count):
        label = ("phish", "benign", "bulk", "spam")[number % 4]
        path = f"{number}.eml"
        (root / path).write_bytes(mail(label, number))
        lines.append(json.dumps({"path": path, "label": label, "corpus": "made", "date": "2026-01-01"}))
    labels = root / "labels.jsonl"
    labels.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return labels


def mail(label: str, number: int) -> bytes:
    """One mail of a kind; words repeat between mails, but no two mails are near-duplicates."""
    says = LURES if label == "phish" else NOTES
    chance = random.Random(number)
    own = " ".join("".join(chance.choices(SYLLABLES, k=3)) for _ in range(25))
    message = EmailMessage()
    message["From"] = f"Sender <s@{label}{number // 8}.example>"
    message["To"] = "someone@example.org"
    message["Subject"] = f"{says[number % 4]} {own.split()[0]}"
    extra = {"bulk": "unsubscribe newsletter sale", "spam": "cheap pills casino bonus"}.get(label, "")
    message.set_content(f"{says[number % 4]}. {extra} {own}\nhttps://{label}{number // 8}.example/{number}\n")
    return message.as_bytes()
