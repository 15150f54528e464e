"""Backup: how do database and evidence get out together, and back in?"""

import sys
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from backend.commands.opened import installation
from backend.errors import BadInput
from backend.settings import read_settings
from backend.store import backup
from backend.store.evidence import EvidenceStore

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Copy the embedded database and its evidence, check a copy, put it back."""


@command.command()
@click.argument("target", type=click.Path(file_okay=False, path_type=Path))
def make(target: Path) -> None:
    """Write a backup into a new folder below TARGET while everything runs."""
    with installation() as services:
        made = backup.back_up(services.database, services.evidence, target, services.now())
    click.echo(f"{made.folder}: the database and {made.pieces} pieces of evidence, {made.size:,} bytes.")
    for name in made.lost:
        click.echo(f"Missing, look for it in an older backup: {name}", err=True)
    if made.lost:
        sys.exit(1)


@command.command()
@click.argument("folder", type=FOLDER)
def check(folder: Path) -> None:
    """Say whether a backup can be put back byte for byte."""
    wrong = backup.verify(folder)
    for sentence in wrong:
        click.echo(sentence, err=True)
    if wrong:
        sys.exit(1)
    click.echo(f"{folder} is complete.")


@command.command()
@click.argument("folder", type=FOLDER)
def restore(folder: Path) -> None:
    """Put a backup where no store is yet. Stop `serve` and `work` first."""
    settings = read_settings()
    url = make_url(settings.store_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise BadInput("The store is on PostgreSQL: restore it with its own tools.")
    pieces = backup.restore(folder, Path(url.database), EvidenceStore(settings.evidence_place))
    click.echo(f"Restored the database and {pieces} pieces of evidence. Next: unhook doctor")
