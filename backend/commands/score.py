"""Score: what does the model say of these message files? No database, no queue: parsing, network, modules, rules."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import track

from backend.commands.checkpoint import loaded
from backend.commands.mailfiles import MailFile, files_under, messages_in
from backend.errors import BadInput
from backend.policy.rules import disposition_of
from backend.policy.settings import tenant_policy
from backend.settings import read_settings
from model.contract import ModuleContext, Predictor, Reason
from model.message.parse import parse_message
from model.modules import opinions
from model.modules.authentication import impersonates
from model.reasons import sentence
from model.reporter import reporter_value

MANY = 20  # files, from which on a terminal shows progress


class Record(click.ParamType[tuple[int, int]]):
    """A reporter's record, such as 18/20."""

    name = "confirmed/reported"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Two whole numbers, the first not above the second."""
        if isinstance(value, tuple):
            return value
        confirmed, _, reported = str(value).partition("/")
        if not (confirmed.isdecimal() and reported.isdecimal() and int(confirmed) <= int(reported)):
            self.fail(f"{value!r}: say how many reports were right of how many, such as 18/20", param, ctx)
        return int(confirmed), int(reported)


@dataclass(frozen=True)
class Scorer:
    """What every message of one call is asked with."""

    predictor: Predictor
    reporter: tuple[int, int] | None
    target: float
    authserv_ids: tuple[str, ...]

    def score(self, mail: MailFile) -> dict[str, Any]:
        """One message as the line that --json prints. Raises OSError or BadInput when it cannot be read."""
        raw, rebuilt = mail.read()
        facts = parse_message(raw, self.authserv_ids)
        facts = replace(facts, defects=(*rebuilt, *facts.defects))
        policy = tenant_policy({"senders": {"authserv_ids": self.authserv_ids}})
        value = reporter_value(*self.reporter) if self.reporter else 0.0

        verdict = self.predictor.predict(facts, value, self.target)
        said = opinions(facts, ModuleContext(trusted_authserv_ids=self.authserv_ids))
        verdict = replace(verdict, opinions=said)
        disposition, _ = disposition_of(verdict, impersonates(facts) is not None, policy)
        return {
            "path": mail.path,
            "disposition": str(disposition),
            "margin": round(verdict.margin, 4),
            "base_margin": round(verdict.base_margin, 4),
            "threshold": verdict.threshold,
            "reasons": _plain(verdict.reasons),
            "modules": _plain(verdict.opinions),
            "defects": _plain(facts.defects),
            "checkpoint": verdict.checkpoint,
        }


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--reporter", type=Record(), help="As if somebody with this record had reported it, such as 18/20.")
@click.option("--target", default=0.001, show_default=True, help="False retractions per reported legitimate message.")
@click.option("--authserv-id", multiple=True, help="Whose Authentication-Results to trust; may be given repeatedly.")
def command(
    paths: tuple[Path, ...],
    as_json: bool,
    reporter: tuple[int, int] | None,
    target: float,
    authserv_id: tuple[str, ...],
) -> None:
    """Ask the model about message files: .eml, .msg and .mbox, or folders of them. Needs no database.

    A file that cannot be read gets a line that says why, and the exit code is 1 at the end.
    """
    scorer = Scorer(loaded(read_settings().checkpoint), reporter, target, authserv_id)
    unreadable = 0
    for line in _lines(scorer, list(files_under(paths))):
        unreadable += "error" in line
        click.echo(json.dumps(line) if as_json else _for_people(line))
    if unreadable:
        click.echo(f"{unreadable} could not be read.", err=True)
        sys.exit(1)


def _lines(scorer: Scorer, files: list[Path]) -> Iterator[dict[str, Any]]:
    console = Console(stderr=True)
    hidden = len(files) < MANY or not console.is_terminal
    for path in track(files, "Scoring", console=console, disable=hidden):
        try:
            for mail in messages_in(path):
                yield _line(scorer, mail)
        except (OSError, BadInput) as error:
            yield {"path": str(path), "error": _why(error)}


def _line(scorer: Scorer, mail: MailFile) -> dict[str, Any]:
    try:
        return scorer.score(mail)
    except (OSError, BadInput) as error:
        return {"path": mail.path, "error": _why(error)}


def _why(error: OSError | BadInput) -> str:
    return str(error.strerror or error) if isinstance(error, OSError) else str(error)


def _plain(items: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [asdict(item) for item in items]


def _for_people(line: dict[str, Any]) -> str:
    path = line["path"].encode(errors="surrogateescape").decode(errors="replace")
    if "error" in line:
        return f"unreadable   {path}: {line['error']}"
    said = [Reason(**reason) for reason in line["reasons"][:3]]
    why = " ".join(sentence(reason.code) for reason in said)
    return f"{line['disposition']:<10} {line['margin']:+6.2f}   {path}   {why}".rstrip()
