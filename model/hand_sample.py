"""Hand sample: which held-back messages does a person label blind, and what may they see of each?

`python -m model.hand_sample show ROOT LABELS CACHE FIRST LAST` prints the messages of these numbers without path,
label or corpus. `python -m model.hand_sample keep ROOT LABELS CACHE NUMBERED OUT` turns lines such as `17 phish` into
the label file: hashes, sorted, so that not even the order tells what was drawn when. See docs/hand-labels.md.
"""

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from model.dataset import TEST, USED, Example, SplitConfig, build, join, load, split
from model.message.authentication import ANY
from model.message.facts import Facts, Link
from model.message.parse import parse_message

KEPT = Path(__file__).parent / "hand_labels.jsonl"

SEED, COUNT = 20261, 200
MODERN = ("phishing_pot", "list_spam", "list_extra", "foff_milter")
JUDGED = ("phish", "spam", "spam_or_phish")  # the last is what the rules could not tell apart: never trained on
ANSWERS = ("phish", "spam", "unsure")
_LANGUAGE_CAP = 40  # of the half that is not phishing_pot's, or nearly all of it would be English
_TEXT, _LINKS = 900, 8


def candidates(root: Path, labels: Path, cache: Path | None) -> list[tuple[Example, dict[str, str]]]:
    """Held-back modern messages with their lines of the label file, one a near-duplicate cluster."""
    lines = {line["path"]: line for line in map(json.loads, labels.read_text(encoding="utf-8").splitlines())}
    unsettled = [line for line in lines.values() if line["label"] in JUDGED and line["label"] not in USED]
    more = build((_unsettled(line), (root / line["path"]).read_bytes(), ANY) for line in unsettled)
    table = split(join(load(root, labels, cache), more), SplitConfig())

    kept: dict[int, Example] = {}
    for example in table.examples:
        held_back = example.split == TEST and example.corpus in MODERN
        if held_back and lines[example.path]["label"] in JUDGED:
            kept.setdefault(example.cluster, example)
    return [(example, lines[example.path]) for example in sorted(kept.values(), key=lambda example: example.path)]


def draw(found: list[tuple[Example, dict[str, str]]], seed: int = SEED, count: int = COUNT) -> list[dict[str, str]]:
    """Lines of the label file in an order that tells nothing: half phishing_pot, the rest from many languages."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose, no secret
    shuffled = chance.sample(found, len(found))
    honeypot = [line for example, line in shuffled if example.corpus == "phishing_pot"][: count // 2]

    languages: Counter[str] = Counter()
    others = []
    for example, line in shuffled:
        language = line.get("lang") or "?"
        if example.corpus != "phishing_pot" and languages[language] < _LANGUAGE_CAP:
            languages[language] += 1
            others.append(line)
    drawn = honeypot + others[: count - len(honeypot)]
    return chance.sample(drawn, len(drawn))


def view(number: int, facts: Facts) -> str:
    """What the person who labels sees of a message: nothing that says where it lay or what it was called."""
    checked = facts.authentication
    seen = " ".join(facts.text.split())
    rows = (
        ("from", "; ".join(f"{who.name} <{who.address}>" for who in facts.from_)),
        ("reply", "; ".join(f"{who.name} <{who.address}>" for who in facts.reply_to)),
        ("subject", facts.subject),
        ("auth", f"spf {checked.spf} dkim {checked.dkim} dmarc {checked.dmarc} aligned {checked.aligned}"),
        ("links", " | ".join(_links(facts.links))),
        ("files", ", ".join(f"{file.name} ({file.detected_type})" for file in facts.attachments)),
        ("text", f"[{len(facts.text)} characters, {facts.structure.images} pictures] {seen[:_TEXT]}"),
    )
    return "\n".join([f"== {number}", *(f"{name}: {_plain(value)}" for name, value in rows if value)])


def settle(numbered: str, drawn: list[dict[str, str]]) -> str:
    """The label file: a line a message, sorted by hash. Every message has one answer."""
    answers = dict(line.split() for line in numbered.splitlines() if line.strip())
    if set(answers) != {str(number) for number in range(1, len(drawn) + 1)} or not set(answers.values()) <= set(
        ANSWERS
    ):
        raise ValueError(f"one line for each number from 1 to {len(drawn)}, each with one of {', '.join(ANSWERS)}")
    settled = sorted((line["sha256"], answers[str(number)]) for number, line in enumerate(drawn, 1))
    return "".join(json.dumps({"sha256": sha256, "label": label}) + "\n" for sha256, label in settled)


def _unsettled(line: dict[str, str]) -> Example:
    return Example(line["path"], line["corpus"], line["label"], "", "", line["date"] or "", line["body_sha"] or "")


def _links(links: tuple[Link, ...]) -> Iterator[str]:
    """Hosts that nobody can click on, each once, with the words that lead there."""
    hosts = dict.fromkeys(link.host for link in links)
    words = {link.host: link.text for link in reversed(links) if link.text.strip()}
    for host in list(hosts)[:_LINKS]:
        yield f"{host} ({words[host][:50]})" if host in words else host
    if len(hosts) > _LINKS:
        yield f"{len(hosts) - _LINKS} more"


def _plain(value: str) -> str:
    """Nothing clickable and nothing that moves a terminal's cursor."""
    shown = re.sub(r"(?i)\bhttp(s?)://", r"hxxp\1://", value)
    shown = re.sub(r"(?<=\w)\.(?=\w)", "[.]", shown)
    return "".join(sign if sign.isprintable() else " " for sign in shown)


def main(arguments: list[str]) -> None:
    """Show some of the drawn messages, or write down what they were found to be."""
    what, root, labels, cache = arguments[0], *map(Path, arguments[1:4])
    drawn = draw(candidates(root, labels, cache))
    if what == "keep":
        Path(arguments[5]).write_text(settle(Path(arguments[4]).read_text(encoding="utf-8"), drawn), encoding="utf-8")
        return
    for number in range(int(arguments[4]), int(arguments[5]) + 1):
        raw = (root / drawn[number - 1]["path"]).read_bytes()
        sys.stdout.write(view(number, parse_message(raw, ANY)) + "\n\n")


if __name__ == "__main__":
    main(sys.argv[1:])
