"""Export: how does a tenant take its rows along?"""

from pathlib import Path

import click

from backend.commands.opened import installation, tenant_called
from backend.store.export import FORMATS, export


@click.command()
@click.argument("tenant")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMATS), default="jsonl", show_default=True)
def command(tenant: str, folder: Path, form: str) -> None:
    """Write a tenant's rows as JSON lines or CSV, one file per table, into a new FOLDER. Secrets stay out."""
    with installation() as services:
        with services.database.read() as tx:
            here = tenant_called(tx, tenant)
        rows = export(services.database, here.id, folder, form)
    click.echo(f"Wrote {sum(rows.values())} rows of {len(rows)} tables to {folder}.")
