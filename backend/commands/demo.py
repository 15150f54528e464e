"""Demo: what does a newcomer get from one command?"""

import os
import sys
from http.client import HTTPConnection, HTTPException

import click

from backend.commands.serve import address_of, listen
from backend.demo.people import OPERATOR
from backend.demo.seed import Seeded, seed
from backend.demo.supervise import Child, Supervisor
from backend.demo.webmail import ADDRESS as WEBMAIL
from backend.settings import Settings, read_settings
from backend.wiring import build_services


@click.command()
def command() -> None:
    """Run everything here with three mailboxes to try it on. Ctrl-C stops it; a second run keeps what happened.

    Serves 127.0.0.1 on UNHOOK_PORT and keeps its state in UNHOOK_DATA_DIR. Anybody who reaches the page can read the
    demo's mailboxes, so it never listens elsewhere.
    """
    settings = read_settings(host="127.0.0.1", demo=True)
    try:
        code = _run(settings)
    except KeyboardInterrupt:  # told to stop before there was anything to stop
        code = 0
    click.echo(f"Stopped. What happened is kept in {settings.data_dir}")
    sys.exit(code)


def _run(settings: Settings) -> int:
    with listen(settings) as listener:
        services = build_services(settings)
        try:
            seeded = seed(services)
        finally:
            services.database.close()

        place = address_of(listener)
        supervisor = Supervisor(
            [Child("web", ["serve", "--fd", str(listener.fileno())]), Child("worker", ["work"])],
            _environment(settings),
            listener,
        )
        return supervisor.run(lambda: _welcome(place, seeded, settings), lambda: _answers(*listener.getsockname()))


def _environment(settings: Settings) -> dict[str, str]:
    """What the children read: the same settings, with folders that do not depend on where they stand."""
    return {
        **os.environ,
        "UNHOOK_DATA_DIR": str(settings.data_dir.resolve()),
        "UNHOOK_DEMO": "true",
        "UNHOOK_HOST": settings.host,
    }


def _answers(host: str, port: int) -> bool:
    """Whether the web process is ready; the queue and the store are behind that answer."""
    connection = HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _welcome(place: str, seeded: Seeded, settings: Settings) -> None:
    if seeded.password:
        sign_in = f"sign in as {OPERATOR} with the password {seeded.password}"
    else:
        sign_in = f"sign in as {OPERATOR}; the password was printed on the first run"
    click.echo(
        f"""
Unhook is running. Ctrl-C stops it.

  Three mailboxes    {place}{WEBMAIL}
                     open the storage notice and press Report Phish
  Operators' pages   {place}/
                     {sign_in}
"""
    )
    if not seeded.password:
        command = f"{sys.argv[0]} operator password {OPERATOR}"
        click.echo(f"  A new password     UNHOOK_DATA_DIR={settings.data_dir} {command}\n")
