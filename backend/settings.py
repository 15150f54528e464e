"""Settings: one frozen object, read once from the environment (prefix UNHOOK_) or from files.

A secret may come from a file instead: UNHOOK_SECRET_KEY_FILE names a file that holds UNHOOK_SECRET_KEY.
"""

import os
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.errors import BadInput


class Settings(BaseSettings):
    """Everything that can be set from outside; docs/settings.md lists the same fields."""

    model_config = SettingsConfigDict(env_prefix="UNHOOK_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("./var"), description="Folder for the embedded database, queue and evidence (0700).")
    database_url: str = Field("", description="SQLAlchemy URL of the store; empty means SQLite in the data folder.")
    queue_url: str = Field(
        "", description="Queue: empty means SQLite in the data folder; or redis:// or postgresql://."
    )
    evidence_url: str = Field(
        "", description="Where evidence lies: a folder or an fsspec URL such as s3://bucket/path."
    )
    host: str = Field("127.0.0.1", description="Address the web process listens on.")
    port: int = Field(8025, ge=0, le=65535, description="Port the web process listens on.")
    metrics_hosts: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"), description="Client addresses that may read /metrics, as a JSON list."
    )
    secret_key: SecretStr = Field(
        SecretStr(""), description="Signs sessions; made and kept in the data folder if empty."
    )
    checkpoint: Path | None = Field(None, description="Folder of the checkpoint to serve; empty means the shipped one.")
    maildir_root: Path | None = Field(
        None, description="Folder with one Maildir per mailbox, for the Maildir connector."
    )
    web_threads: int = Field(8, ge=1, le=64, description="Threads of one web process.")
    work_threads: int = Field(2, ge=1, le=32, description="Threads of one worker process.")
    max_message_bytes: int = Field(30_000_000, ge=1_000, description="Largest message accepted, in bytes.")
    submissions_per_minute: int = Field(60, ge=1, description="Reports one person may send in a minute.")
    unverified_per_minute: int = Field(
        0, ge=0, description="Reports one address may send in a minute without proving who sends them; 0 takes none."
    )
    sign_ins_per_minute: int = Field(10, ge=1, description="Sign-in attempts one address may make in a minute.")
    log_format: str = Field("console", pattern="^(console|json)$", description="console for people, json for machines.")
    secure_cookies: bool = Field(False, description="Send session cookies over HTTPS only; switch on behind TLS.")
    lease_seconds: int = Field(
        600, ge=1, description="How long a step may hold a row before sweep gives it to another."
    )
    sweep_minutes: int = Field(1, ge=1, le=59, description="How often sweep looks for what was lost.")
    max_attempts: int = Field(10, ge=1, description="Tries of one step before the submission is failed with its cause.")
    demo: bool = Field(False, description="Serve the demo's webmail page; set by `unhook demo`.")

    @model_validator(mode="after")
    def _evidence_is_shared_when_the_database_is(self) -> "Settings":
        embedded = not self.database_url or self.database_url.startswith("sqlite")
        if not embedded and not self.evidence_url:
            raise ValueError("UNHOOK_EVIDENCE_URL must be set when UNHOOK_DATABASE_URL is not SQLite")
        return self

    @property
    def store_url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'unhook.db'}"

    @property
    def evidence_place(self) -> str:
        """The evidence folder or URL in force."""
        return self.evidence_url or str(self.data_dir.resolve() / "evidence")


def read_settings(**overrides: object) -> Settings:
    """Read the environment once. Raises BadInput naming the variable that is wrong."""
    for name, path in list(os.environ.items()):
        if name.startswith("UNHOOK_") and name.endswith("_FILE"):
            overrides.setdefault(name[7:-5].lower(), Path(path).read_text().strip())
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"UNHOOK_{field.upper()}: {first['msg']}".replace("UNHOOK_:", "settings:")) from error
