"""Manifest: the file that brings the add-in into Outlook, for an address of your own, or checked."""

import sys
from pathlib import Path

import click

from backend.commands.outlook_manifest.lint import lint
from backend.commands.outlook_manifest.write import manifest_for
from backend.settings import read_settings


@click.command()
@click.option("--base-url", default="", help="Where Outlook reaches Unhook. [default: UNHOOK_PUBLIC_URL]")
@click.option(
    "--client-id", default="", help="The add-in's app registration. [default: UNHOOK_OUTLOOK_ADDIN_CLIENT_ID]"
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of standard output.")
@click.option("--check", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Check this file instead.")
def command(base_url: str, client_id: str, out: Path | None, check: Path | None) -> None:
    """Write Outlook's manifest for your address, or check one: each problem on a line, exit code 1 if there is any."""
    if check is not None:
        _report(check)
        return
    settings = read_settings()
    address = base_url or settings.public_url
    if not address:
        raise click.UsageError("Give --base-url https://..., or set UNHOOK_PUBLIC_URL.")
    text = manifest_for(address, client_id or settings.outlook_addin_client_id)
    if out is None:
        click.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {out}. Upload it in the Microsoft 365 admin centre under Settings, Integrated apps.")


def _report(path: Path) -> None:
    problems = lint(path.read_bytes())
    for problem in problems:
        click.echo(str(problem))
    if problems:
        click.echo(f"{len(problems)} to mend.", err=True)
        sys.exit(1)
    click.echo(f"{path}: nothing to mend.")
