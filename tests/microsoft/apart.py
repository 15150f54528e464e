"""Apart: Microsoft in a process of its own, so that a benchmark measures ours."""

import json
import subprocess
import sys
import tempfile
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microsoft.entra import Entra
from microsoft.graph import FakeGraph
from microsoft.store import Directory, Message, User

TID, APP, SECRET = "11111111-2222-3333-4444-555555555555", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "a secret"
ROLES = ("Mail.ReadWrite", "Mail.Send", "User.Read.All")
_FOLDERS = ("inbox", "Projects", "archive", "junkemail")


@dataclass(frozen=True)
class Load:
    """What the tenant holds: every `mailboxes / copies`-th mailbox has a copy of `raw`, each lying differently."""

    mailboxes: int
    copies: int
    raw: bytes
    latency: float = 0.0
    throttled_share: float = 0.0
    traced: bool = False


class Apart:
    """Starts the process; `tell` gives an order and returns its answer."""

    def __init__(self, load: Load) -> None:
        said = {**load.__dict__, "raw": b64encode(load.raw).decode()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "microsoft.apart"],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.options: dict[str, Any] = self.tell(said)
        self.options["ca_file"] = Path(self.options["ca_file"])

    def tell(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def state(self) -> dict[str, Any]:
        """How everything lies, and what has been done to it."""
        return self.tell({"state": True})

    def __enter__(self) -> "Apart":
        return self

    def __exit__(self, *exc: object) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.process.wait(30)


def address(number: int) -> str:
    return f"person{number:05}@example.org"


def _main() -> None:
    order = json.loads(sys.stdin.readline())
    load = Load(**{**order, "raw": b64decode(order["raw"])})
    with tempfile.TemporaryDirectory() as folder, Entra(Path(folder)) as entra, FakeGraph(entra) as graph:
        graph.keeps_log = False
        directory = graph.add_tenant(TID)
        entra.add_app(APP, SECRET)
        entra.grant(TID, APP, [*ROLES, *(["ExchangeMessageTrace.Read.All"] if load.traced else [])])
        first = _fill(directory, load)
        graph.latency, graph.troubles.throttled_share = load.latency, load.throttled_share
        _say(
            {
                "directory": TID,
                "client_id": APP,
                "secret": SECRET,
                "login_url": entra.url,
                "graph_url": graph.url,
                "ca_file": str(entra.ca_file),
                "first": first,
            }
        )
        for _ in iter(sys.stdin.readline, ""):
            _say(_state(graph, directory))


def _fill(directory: Directory, load: Load) -> str:
    """The id of the first copy."""
    first = ""
    every = max(1, load.mailboxes // max(1, load.copies))
    for number in range(load.mailboxes):
        user = directory.add_user(address(number))
        if number % every or number // every >= load.copies:
            continue
        assert user.mailbox is not None
        name = _FOLDERS[(number // every) % len(_FOLDERS)]
        folder = user.mailbox.add_folder(name) if name == "Projects" else name
        message = directory.deliver(address(number), load.raw, folder, read=number // every % 2 == 1)
        if number // every % 3 == 1:
            message.flag, message.categories = {"flagStatus": "flagged"}, ["Red category"]
        first = first or message.immutable
    return first


def _state(graph: FakeGraph, directory: Directory) -> dict[str, Any]:
    """`lying` is every copy's folder, read state, flag and categories."""
    lying = [
        [one.immutable, _folder(user, one), one.read, one.flag, one.categories]
        for user, one in directory.all_messages()
    ]
    return {
        "lying": lying,
        "moves": graph.moves,
        "last_move": graph.last_move,
        "throttled": graph.troubles.throttled,
        "most_at_once": graph.most_at_once,
        "tokens": graph.entra.tokens_given,
    }


def _folder(user: User, message: Message) -> str:
    return user.mailbox.folders[message.folder] if user.mailbox else ""


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _main()
