"""Evaluate: how good is a checkpoint on mail it has not seen?"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import track

from backend.commands.train import FOLDER, labelled
from backend.errors import BadInput

OUT = click.Path(dir_okay=False, path_type=Path, writable=True)
READ = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--root", type=FOLDER, required=True, help="The folder of raw mail that the labels speak of.")
@click.option("--labels", type=READ, help="What each message is, one JSON object a line; ROOT/labels.jsonl if absent.")
@click.option("--json", "json_file", type=OUT, help="Write all figures there as JSON.")
@click.option("--html", "html_file", type=OUT, help="Write a report with plots there, one page that loads nothing.")
@click.option("--checkpoint", type=FOLDER, help="Folder of the checkpoint; the shipped one if absent.")
@click.option(
    "--part",
    type=click.Choice(["unseen", "test", "all"]),
    default="unseen",
    show_default=True,
    help="What the checkpoint has not learnt from; what its split kept for testing; or everything.",
)
@click.option("--target", default=0.001, show_default=True, help="False retractions per reported legitimate message.")
@click.option("--hand-labels", type=READ, help="JSON lines of sha256 and label (phish, spam), given by a person.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same intervals.")
@click.option(
    "--cache", type=click.Path(file_okay=False, path_type=Path), help="Folder that keeps parsed mail between runs."
)
def command(
    root: Path,
    labels: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    checkpoint: Path | None,
    part: str,
    target: float,
    hand_labels: Path | None,
    seed: int,
    cache: Path | None,
) -> None:
    """Measure a checkpoint on the labelled mail under ROOT and print the figures that matter most.

    Mail that cannot be read is counted, named on standard error and passed over. Neither JSON nor report names a mail.
    """
    from model.checkpoint import CheckpointUnusable  # loads torch: only now
    from model.evaluate import Options, as_json, evaluate
    from model.report.words import summary

    page = _page() if html_file else None  # a missing library shows before the long work, not after it
    options = Options(part=part, target=target, seed=seed, cache=cache, hand_labels=hand_labels)
    try:
        found = evaluate(root, labelled(root, labels), checkpoint, options, _shown)
    except (ValueError, CheckpointUnusable) as error:
        raise BadInput(f"cannot measure on {root}: {error}") from error

    for problem in found.problems:
        click.echo(f"{_printable(problem.where)}: {problem.what}", err=True)
    if json_file:
        json_file.write_text(as_json(found.figures), encoding="utf-8")
    if html_file and page:
        html_file.write_text(page(found.figures), encoding="utf-8")
    for line in summary(found.figures):
        click.echo(line)


def _page() -> Callable[[dict[str, Any]], str]:
    try:
        from model.report.page import page
    except ImportError as error:
        raise BadInput(f"the report needs {error.name}: pip install 'unhook[train]'") from error
    return page


def _printable(where: str) -> str:
    """A file's name as a terminal may show it: names come from anywhere too."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in where)


def _shown(items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    console = Console(stderr=True)
    return track(items, description=what, total=total, console=console, disable=not console.is_terminal)
