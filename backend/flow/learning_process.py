"""Learning process: training runs in a process of its own, with limits, and never in the worker that scores mail."""

import os
import subprocess
import sys

import structlog

from backend.settings import Settings

log = structlog.get_logger()


def start_learning(settings: Settings, candidate_id: int) -> None:
    """Start `unhook learn` for a candidate that was asked for; it sets its own limits and writes down its end."""
    command = [sys.executable, "-m", "backend.cli", "learn", "--candidate", str(candidate_id)]
    nothing = subprocess.DEVNULL
    subprocess.Popen(  # noqa: S603 - our own command; nobody waits for it: the row says how it ended
        command, env=_environment(settings), stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
    )
    log.info("learning started", candidate=candidate_id)


def _environment(settings: Settings) -> dict[str, str]:
    """As this process, with the store that it uses."""
    places = {
        "UNHOOK_DATA_DIR": str(settings.data_dir.resolve()),
        "UNHOOK_DATABASE_URL": settings.database_url,
        "UNHOOK_EVIDENCE_URL": settings.evidence_url,
        "UNHOOK_QUEUE_URL": settings.queue_url,
        "UNHOOK_LEARN_SECONDS": str(settings.learn_seconds),
        "UNHOOK_LEARN_MEGABYTES": str(settings.learn_megabytes),
        "OMP_NUM_THREADS": "2",
    }
    if settings.checkpoint:
        places["UNHOOK_CHECKPOINT"] = str(settings.checkpoint.resolve())
    return {**os.environ, **places}
