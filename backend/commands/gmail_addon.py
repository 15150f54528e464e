"""Gmail add-on: the descriptor that brings the button into Gmail, for an address of your own, or checked."""

import json
import sys
from pathlib import Path

import click

from backend.settings import read_settings
from connectors.gmail.addon.descriptor import check as problems_of
from connectors.gmail.addon.descriptor import descriptor_for

NAME = "unhook"


@click.command()
@click.option("--base-url", default="", help="Where Google reaches Unhook. [default: UNHOOK_PUBLIC_URL]")
@click.option("--project", default="", help="The Google Cloud project, for the commands that are printed.")
@click.option("--with-locale", is_flag=True, help="Ask for each person's language, too: one more scope.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of standard output.")
@click.option("--check", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Check this file instead.")
def command(base_url: str, project: str, with_locale: bool, out: Path | None, check: Path | None) -> None:
    """Write the add-on's deployment for your address, or check one: each problem on a line, exit code 1 if any."""
    address = base_url or read_settings().public_url
    if check is not None:
        _report(check, address)
        return
    if not address:
        raise click.UsageError("Give --base-url https://..., or set UNHOOK_PUBLIC_URL.")
    try:
        text = json.dumps(descriptor_for(address, with_locale=with_locale), indent=2) + "\n"
    except ValueError as error:
        raise click.UsageError(f"--base-url: {error}") from error
    if out is None:
        click.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {out}. Deploy it, and take the two settings from what the second command says:")
    there = f" --project={project}" if project else ""
    click.echo(f"  gcloud workspace-add-ons deployments create {NAME} --deployment-file={out}{there}")
    click.echo(f"  gcloud workspace-add-ons get-authorization{there}")
    click.echo("UNHOOK_GMAIL_ADDON_ACCOUNT is its serviceAccountEmail, UNHOOK_GMAIL_ADDON_CLIENT_ID its oauthClientId.")


def _report(path: Path, address: str) -> None:
    problems = problems_of(path.read_bytes(), address)
    for problem in problems:
        click.echo(problem)
    if problems:
        click.echo(f"{len(problems)} to mend.", err=True)
        sys.exit(1)
    click.echo(f"{path}: nothing to mend.")
