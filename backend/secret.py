"""Secret: which key signs sessions and queue entries?"""

import os
import secrets
from pathlib import Path

from backend.errors import BadInput
from backend.settings import Settings


def secret_key(settings: Settings) -> str:
    """As set, else made once for an embedded installation and kept in the data folder for all its processes."""
    given = settings.secret_key.get_secret_value()
    if given:
        return given
    if settings.database_url and not settings.database_url.startswith("sqlite"):
        raise BadInput("UNHOOK_SECRET_KEY must be set, the same on every host, when the database is shared.")
    path = settings.data_dir.resolve() / "secret_key"
    if not path.exists():
        _make(path)
    return path.read_text().strip()


def _make(path: Path) -> None:
    """Whole or not at all: several processes may start at the same moment, and the first to link wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".secret_key.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600, exist_ok=False)
    try:
        draft.write_text(secrets.token_hex(32))
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
