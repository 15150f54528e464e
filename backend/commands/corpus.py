"""Corpus: how does labelled mail become a data set, and what does it give away?"""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import track

from backend.commands.train import FOLDER
from backend.errors import BadInput

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Make and look at data sets of labelled mail."""


@command.command()
@click.argument("roots", nargs=-1, type=FOLDER, metavar="[ROOT]...")
@click.option("--labels", type=FILE, help="What each message is, one JSON object a line; ROOT/labels.jsonl if absent.")
@click.option(
    "--mbox", "mboxes", multiple=True, metavar="FILE=LABEL", help="An mbox file of one label; may be given repeatedly."
)
@click.option("--out", type=NEW_FILE, required=True, help="The data set; what is in it already is not parsed again.")
@click.option("--keep-evidence", is_flag=True, help="Keep the raw messages too, compressed. Without, no text is kept.")
def build(
    roots: tuple[Path, ...], labels: Path | None, mboxes: tuple[str, ...], out: Path, keep_evidence: bool
) -> None:
    """Make one data set of the labelled mail under each ROOT.

    Without a label file, a folder called phish, spam, bulk or benign says what lies in it.
    """
    from model.corpus import sources  # loads the parser: only now
    from model.corpus.dataset import write_dataset

    files = [_mbox(given) for given in mboxes]
    if not roots and not files:
        raise BadInput("nothing to read: name a folder, or a file with --mbox FILE=LABEL")
    try:
        found = sources.find(roots, labels, files)
        write_dataset(
            found.messages, out, datetime.now(UTC), left_out=found.left_out, progress=_shown, evidence=keep_evidence
        )
    except ValueError as error:
        raise BadInput(str(error)) from error
    _describe(out)


@command.command()
@click.argument("data", type=NEW_FILE)
@click.option("--json", "as_json", is_flag=True, help="Everything that is known of the build, as one JSON object.")
def show(data: Path, as_json: bool) -> None:
    """Say what is in a data set: messages for each corpus, label and part."""
    if as_json:
        click.echo(json.dumps(_described(data), indent=1))
    else:
        _describe(data)


@command.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.option("--labels", type=FILE, help="If DATA is a folder: its labels; DATA/labels.jsonl if absent.")
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "json_file", type=NEW_FILE, help="Write all figures there as JSON.")
def leaks(data: Path, labels: Path | None, seed: int, json_file: Path | None) -> None:
    """Measure what tells corpora apart that has nothing to do with being attacked.

    DATA is a data set or a folder of labelled mail. Needs corpora called phishing_pot and list_ham for header names.
    """
    from model.corpus.leaks import leaks as measure  # loads scikit-learn: only now
    from model.corpus.leaks import summary
    from model.dataset import SplitConfig, load, split

    try:
        table = split(load(data, labels or data / "labels.jsonl", progress=_shown), SplitConfig())
    except ValueError as error:
        raise BadInput(str(error)) from error
    found = measure(table, seed)
    if json_file:
        json_file.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    for line in summary(found):
        click.echo(line)


def _mbox(given: str) -> tuple[Path, str]:
    from model.corpus.table import USED

    file, _, label = given.rpartition("=")
    if label not in USED or not file:
        raise BadInput(f"--mbox {given}: write FILE=LABEL, with LABEL one of {', '.join(USED)}")
    path = Path(file)
    if not path.is_file():
        raise BadInput(f"--mbox {given}: there is no file {file}")
    return path, label


def _described(data: Path) -> dict[str, Any]:
    from model.corpus.dataset import described

    try:
        return described(data)
    except ValueError as error:
        raise BadInput(str(error)) from error


def _describe(data: Path) -> None:
    known = _described(data)
    click.echo(f"{known['messages']} messages in {known['clusters']} near-duplicate clusters, made {known['made_at']}")
    click.echo(f"features {known['features_version']}, code {known['code_key']}, data {known['data_sha256']}")
    parts: dict[tuple[str, str], Counter[str]] = {}
    for name, count in known["counts"].items():
        corpus, label, part = name.rsplit("/", 2)
        parts.setdefault((corpus, label), Counter())[part] += count
    columns = sorted({part for counts in parts.values() for part in counts})
    click.echo(f"{'corpus/label':32}" + "".join(f"{part:>12}" for part in columns))
    for (corpus, label), counts in sorted(parts.items()):
        click.echo(f"{f'{corpus}/{label}':32}" + "".join(f"{counts[part]:>12}" for part in columns))
    for reason, count in known["left_out"].items():
        click.echo(f"left out: {count} ({reason})")


def _shown(items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    return track(items, description=what, total=total, console=Console(stderr=True))
