"""Serve: how does the web process start and stop?"""

import os
import socket
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from backend.app import create_app
from backend.errors import BadInput
from backend.log import set_up
from backend.settings import Settings, read_settings
from backend.wiring import build_services


@click.command()
@click.option("--host", help="Address to listen on; wins over UNHOOK_HOST.")
@click.option("--port", type=int, help="Port to listen on; wins over UNHOOK_PORT.")
@click.option("--fd", type=int, hidden=True)  # the demo opens the port itself and keeps it while we restart
def command(host: str | None, port: int | None, fd: int | None) -> None:
    """Run the web process: API, pages, metrics. Ctrl-C or SIGTERM end it; requests under way are finished."""
    given: dict[str, Any] = {"host": host, "port": port}
    settings = read_settings(**{name: value for name, value in given.items() if value is not None})
    set_up(settings.log_format)

    listener = listen(settings) if fd is None else socket.socket(fileno=fd)
    click.echo(f"Unhook listens on {address_of(listener)}", err=True)
    _Web(settings, listener).run()


def listen(settings: Settings) -> socket.socket:
    """Open the port before anything else, so that a taken one is one sentence. Raises BadInput."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=256)
    except OSError as error:
        raise BadInput(
            f"cannot listen on {settings.host} port {settings.port} ({os.strerror(error.errno or 0)}): "
            "another program may be using it; choose another with UNHOOK_PORT"
        ) from error


def address_of(listener: socket.socket) -> str:
    """What to type into a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Web(BaseApplication):
    """Gunicorn, told everything here: one process, many threads, no configuration file."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self.settings = settings
        self.listener = listener
        super().__init__()

    def load_config(self) -> None:
        """What gunicorn asks for before it starts."""
        self.cfg.set("bind", f"fd://{self.listener.fileno()}")
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("workers", 1)
        self.cfg.set("threads", self.settings.web_threads)
        self.cfg.set("graceful_timeout", 10)
        self.cfg.set("loglevel", "warning")

    def load(self) -> Any:
        """The Flask application, built inside the process that answers."""
        return create_app(build_services(self.settings))
