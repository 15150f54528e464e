"""Train: how does a folder of real mail become a checkpoint?"""

from pathlib import Path

import click

from backend.errors import BadInput

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("corpora", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--labels", type=FILE, help="What each message is, one JSON object a line; CORPORA/labels.jsonl if absent."
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("var/checkpoint"), show_default=True
)
@click.option("--name", default="local", show_default=True, help="What verdicts call the checkpoint.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same weights.")
@click.option(
    "--cache", type=click.Path(file_okay=False, path_type=Path), help="Folder that keeps parsed mail between runs."
)
@click.option(
    "--thorough", is_flag=True, help="Add a learning curve and cross-validation: several times as long as training."
)
@click.option("--templates", type=FOLDER, help="E-mail templates that `make templates` fetched, for composed mail.")
@click.option("--without", multiple=True, metavar="CORPUS", help="Leave a corpus out; may be given repeatedly.")
def command(
    corpora: Path,
    labels: Path | None,
    out: Path,
    name: str,
    seed: int,
    cache: Path | None,
    thorough: bool,
    templates: Path | None,
    without: tuple[str, ...],
) -> None:
    """Train a checkpoint on CORPORA and print what was measured.

    CORPORA is a folder of raw mail with labels, or a data set that `unhook corpus build` made.

    Nothing that serves is touched: point UNHOOK_CHECKPOINT at the new folder and restart the workers to use it.
    """
    from model.train import as_json, train  # loads torch and scikit-learn: only now

    known = corpora if corpora.is_file() else labelled(corpora, labels)
    try:
        figures = train(
            corpora,
            known,
            out,
            seed=seed,
            name=name,
            cache=cache,
            without=without,
            thorough=thorough,
            templates=templates,
        )
    except ValueError as error:
        raise BadInput(f"cannot train on {corpora}: {error}") from error
    click.echo(as_json(figures))


def labelled(corpora: Path, labels: Path | None) -> Path:
    """The file of labels. Raises BadInput when there is none."""
    path = labels or corpora / "labels.jsonl"
    if not path.is_file():
        raise BadInput(f"there are no labels at {path}: name the file with --labels")
    return path
