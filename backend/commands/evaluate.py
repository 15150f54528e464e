"""Evaluate: how good is a checkpoint on mail it has not seen?"""

from pathlib import Path

import click

from backend.commands.train import FILE, FOLDER, labelled
from backend.errors import BadInput


@click.command()
@click.argument("corpora", type=FOLDER)
@click.option(
    "--labels", type=FILE, help="What each message is, one JSON object a line; CORPORA/labels.jsonl if absent."
)
@click.option("--checkpoint", type=FOLDER, help="Folder of the checkpoint; the shipped one if absent.")
@click.option("--part", type=click.Choice(["test", "all"]), default="test", show_default=True)
@click.option("--target", default=0.001, show_default=True, help="False retractions per reported legitimate message.")
@click.option(
    "--cache", type=click.Path(file_okay=False, path_type=Path), help="Folder that keeps parsed mail between runs."
)
@click.option("--out", type=FILE, help="Write all figures there as JSON.")
def command(
    corpora: Path,
    labels: Path | None,
    checkpoint: Path | None,
    part: str,
    target: float,
    cache: Path | None,
    out: Path | None,
) -> None:
    """Measure a checkpoint on CORPORA.

    `test` is what the shipped split keeps back from training; `all` is for mail the checkpoint has never seen.
    """
    from model.evaluate import evaluate, summary  # loads torch and scikit-learn: only now

    known = labelled(corpora, labels)
    try:
        found = evaluate(corpora, known, checkpoint, out, part, target, cache)
    except ValueError as error:
        raise BadInput(f"cannot measure on {corpora}: {error}") from error
    for line in summary(found):
        click.echo(line)
