"""The command line: which command is which, and how does a refusal read?

A command's module is imported when that command is called, so that `unhook --help` is quick and nothing loads torch
that does not need it.
"""

from importlib import import_module
from importlib.metadata import version

import click

from backend.errors import UnhookError
from connectors.errors import ConnectorError

COMMANDS = {
    "demo": ("backend.commands.demo", "Run everything here with three mailboxes to try it on."),
    "serve": ("backend.commands.serve", "Run the web process: API, pages, metrics."),
    "work": ("backend.commands.work", "Run a worker: the steps behind each report."),
    "receive": ("backend.commands.receive", "Receive mail at the addresses for reports."),
    "migrate": ("backend.commands.migrate", "Bring the database to this version's tables."),
    "tenant": ("backend.commands.tenant", "Add, list and set up tenants."),
    "person": ("backend.commands.person", "Add, list and erase reporters."),
    "token": ("backend.commands.token", "Issue and revoke reporters' tokens."),
    "simulation": ("backend.commands.simulation", "Make keys for phishing exercises, and sign their mails."),
    "operator": ("backend.commands.operator", "Add operators and set their passwords."),
    "submit": ("backend.commands.submit", "Report a message file (.eml or .msg) as a security team does."),
    "score": ("backend.commands.score", "Ask the model about message files. Needs no database."),
    "retract": ("backend.commands.retract", "Take a message out of every mailbox."),
    "restore": ("backend.commands.restore", "Put a retraction's copies back where they were."),
    "corpus": ("backend.commands.corpus", "Make a data set of labelled mail, and see what it gives away."),
    "learn": ("backend.commands.learn", "Teach a tenant's own network by its labels."),
    "train": ("backend.commands.train", "Train a checkpoint on corpora of real mail."),
    "evaluate": ("backend.commands.evaluate", "Measure a checkpoint on held-out mail."),
    "manifest": ("backend.commands.manifest", "Write or check the manifest of the Outlook add-in."),
    "gmail-addon": ("backend.commands.gmail_addon", "Write or check the deployment of the Gmail add-on."),
    "doctor": ("backend.commands.doctor", "Check the installation and say what to do."),
    "export": ("backend.commands.export", "Write a tenant's rows as JSON lines or CSV."),
    "indicators": ("backend.commands.indicators", "Print a campaign's indicators as STIX or MISP."),
    "backup": ("backend.commands.backup", "Copy the embedded database and its evidence, check a copy, put it back."),
}


class Commands(click.Group):
    """The commands above, each imported when it is asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Import one command; its module calls it `command`."""
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[name][0]).command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the table without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Turn our refusals into a sentence and exit code 1."""
        try:
            return super().invoke(ctx)
        except (UnhookError, ConnectorError) as refusal:
            raise click.ClickException(str(refusal)) from refusal
        except BrokenPipeError:
            raise  # whoever read our output has left; click ends quietly
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'the system'}: {error.strerror}") from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(version("unhook"), prog_name="unhook")
def main() -> None:
    """Report Phish, decided with the reporter as a neuron, retracted reversibly from every mailbox."""


if __name__ == "__main__":
    main()
