"""Process: how do links reach the process that follows them, and how do its findings come back?"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from model.contract import Landing

MOST_OUTPUT = 200_000  # characters
_PROCESSOR = 20  # seconds of it; waiting for servers takes none

log = structlog.get_logger()


class _Line(BaseModel):
    """What the child may say of one link. It has read hostile pages, so its word is checked like a stranger's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcome: str = Field(pattern="^(reached|refused|unreachable|too-long|too-many-hops|no-page)$")
    hosts: tuple[str, ...] = Field(max_length=12)
    path: str = Field(max_length=500)
    password: bool
    card: bool
    sends_to: str = Field(max_length=300)
    brand: str = Field(max_length=60)
    kit: str = Field(pattern="^([0-9a-f]{64})?$")
    known: str = Field(max_length=0)


def follow(
    links: Sequence[str], seconds: float, allowed: Sequence[str] = (), ca_file: Path | None = None
) -> tuple[Landing, ...]:
    """Where each link led, in order; those for which the time was too short are `unreachable`. Raises OSError."""
    order = {
        "links": list(links),
        "allowed": list(allowed),
        "ca_file": str(ca_file.resolve()) if ca_file else "",
        "processor_seconds": _PROCESSOR,
    }
    with TemporaryDirectory(prefix="unhook-crawl-") as empty, _child(empty) as child:
        try:
            said, _ = child.communicate(json.dumps(order), timeout=seconds)
        except subprocess.TimeoutExpired:
            log.info("links not followed to the end", seconds=seconds)
            child.kill()
            said, _ = child.communicate()
        finally:
            child.kill()
    found = list(_read(said))[: len(links)]
    return (*found, *(Landing("unreachable") for _ in links[len(found) :]))


def _child(folder: str) -> "subprocess.Popen[str]":
    """It has this empty folder, and no environment, file or terminal of ours."""
    return subprocess.Popen(
        [sys.executable, "-I", "-m", "backend.crawl.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd=folder,
        close_fds=True,
        start_new_session=True,
        text=True,
    )


def _read(said: str) -> Iterator[Landing]:
    """The whole lines; a torn one is the last of a process that was stopped."""
    for line in said[:MOST_OUTPUT].split("\n")[:-1]:
        try:
            yield Landing(**_Line.model_validate_json(line).model_dump())
        except ValidationError:
            return
