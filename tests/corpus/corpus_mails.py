"""Small labelled folders, written by code."""

import json
import random
from email.message import EmailMessage
from pathlib import Path

SYLLABLES = ("ba", "co", "di", "fe", "gu", "ha", "jo", "ki", "lu", "me", "no", "pa", "ri", "so", "tu", "ve")


def wording(seed: int, words: int = 30) -> str:
    chance = random.Random(seed)
    return " ".join("".join(chance.choices(SYLLABLES, k=3)) for _ in range(words))


def mail(seed: int, sender: str = "", text: str = "", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = f"Sender <s@{sender or f'sender{seed}.example'}>"
    message["To"] = "someone@example.org"
    message["Subject"] = wording(seed, 3)
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text or wording(seed))
    return message.as_bytes()


def write_folder(root: Path, mails: dict[str, tuple[str, bytes]], **more: str) -> Path:
    """Mails by path, each with its label; returns the label file."""
    lines = []
    for path, (label, raw) in mails.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(raw)
        lines.append(json.dumps({"path": path, "label": label, **more}))
    labels = root / "labels.jsonl"
    labels.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return labels
