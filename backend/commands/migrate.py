"""Migrate: is the database at this version's tables?"""

import click

from backend.settings import read_settings
from backend.store import queue_rows
from backend.store.database import open_database, upgrade, version


@click.command()
def command() -> None:
    """Bring the database to this version's tables. Running it again is harmless; several may run at once."""
    settings = read_settings()
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings.store_url)
    try:
        before, newest = version(database)
        upgrade(database)
        with database.begin() as tx:
            mended = queue_rows.mend(tx)
        if mended:
            click.echo(f"The list was made anew for {mended} messages.")
        click.echo(f"The database is at {newest}." if before == newest else f"From {before or 'nothing'} to {newest}.")
    finally:
        database.close()
