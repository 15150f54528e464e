"""Learning process: training runs in a process of its own, with limits, and never in the worker that scores mail."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from secrets import token_hex

import structlog

from backend.services import Services
from backend.settings import Settings
from backend.store import candidates

log = structlog.get_logger()

# How the names begin of what a process needs to run at all, and of what reaches and opens a bucket with evidence.
_PROCESS = ("PATH", "HOME", "LANG", "LC_", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHON", "OMP_", "MKL_")
_WAY = ("SSL_CERT_", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "FSSPEC_")
_BUCKETS = {
    "s3": (*_WAY, "AWS_"),
    "gs": (*_WAY, "GOOGLE_"),
    "gcs": (*_WAY, "GOOGLE_"),
    "az": (*_WAY, "AZURE_"),
    "abfs": (*_WAY, "AZURE_"),
}


def start_learning(services: Services, candidate_id: int) -> None:
    """Start `unhook learn` for a candidate that was asked for; it sets its own limits and writes down its end."""
    command = [sys.executable, "-m", "backend.cli", "learn", "--candidate", str(candidate_id)]
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        env=_environment(services.settings, os.environ),
        stdin=nothing,
        stdout=nothing,
        stderr=nothing,
        start_new_session=True,
    )
    name = f"candidate {candidate_id}"
    threading.Thread(target=_wait_for, args=(services, candidate_id, process), name=name, daemon=True).start()
    log.info("learning started", candidate=candidate_id)


def _wait_for(services: Services, candidate_id: int, process: "subprocess.Popen[bytes]") -> None:
    """A process that was killed, or fell over its limits, could not say so itself."""
    code = process.wait()
    with services.database.begin() as tx:
        tenant_id = candidates.tenant_of(tx, candidate_id)
        if code and tenant_id is not None:
            candidates.fail(tx, tenant_id, candidate_id, _cause(code), services.now())
    log.info("learning ended", candidate=candidate_id, code=code)


def _cause(code: int) -> str:
    how = f"by signal {-code}" if code < 0 else f"with code {code}"
    return f"The process ended {how} and without a result; see UNHOOK_LEARN_MEGABYTES."


def _environment(settings: Settings, ours: Mapping[str, str]) -> dict[str, str]:
    """What training takes of `ours`: the store and its limits, no provider's key, and no key that sessions know."""
    given = {
        "UNHOOK_DATA_DIR": str(settings.data_dir.resolve()),
        "UNHOOK_DATABASE_URL": settings.database_url,
        "UNHOOK_EVIDENCE_URL": settings.evidence_url,
        "UNHOOK_SECRET_KEY": token_hex(),  # it signs nothing: it wakes nobody, and nobody signs in there
        "UNHOOK_LEARN_SECONDS": str(settings.learn_seconds),
        "UNHOOK_LEARN_MEGABYTES": str(settings.learn_megabytes),
        "UNHOOK_LOG_FORMAT": settings.log_format,
    }
    if settings.checkpoint:
        given["UNHOOK_CHECKPOINT"] = str(settings.checkpoint.resolve())
    prefixes = _PROCESS + _BUCKETS.get(settings.evidence_url.partition("://")[0], ())
    prefixes += ("PG",) if settings.database_url.startswith("postgresql") else ()
    return {name: value for name, value in ours.items() if name.startswith(prefixes)} | given
