"""Settings: one frozen object, read once from the environment (prefix UNHOOK_) or from files.

A secret may come from a file instead: UNHOOK_SECRET_KEY_FILE names a file that holds UNHOOK_SECRET_KEY.
"""

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.errors import BadInput

HTTPS = r"^https://[^\s?#]*[^\s?#/]$"
OWN_HTTPS = r"^(https://[^\s?#]+|http://(127\.0\.0\.1|localhost)(:\d+)?(/[^\s?#]*)?)?$"  # plain only on this machine

NEAR = frozenset({"127.0.0.1", "::1", "localhost"})  # where only this machine can ask


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
    trusted_proxies: int = Field(
        0, ge=0, le=9, description="Reverse proxies of yours before the web process, for the true client address."
    )
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
    withdraw_seconds: int = Field(
        10, ge=0, le=300, description="How long a report can be taken back; answers wait as long. 0: not at all."
    )
    unverified_per_minute: int = Field(
        0, ge=0, description="Reports one address may send in a minute without proving who sends them; 0 takes none."
    )
    sign_ins_per_minute: int = Field(10, ge=1, description="Sign-in attempts one address may make in a minute.")
    session_hours: int = Field(10, ge=1, le=168, description="Hours after which an operator must sign in again.")
    session_idle_minutes: int = Field(
        120, ge=5, le=10_080, description="Minutes without work after which an operator must sign in again."
    )
    first_sign_in_hosts: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"),
        description="Client addresses from which the very first operator may sign in by password, as a JSON list.",
    )
    oidc_issuer: str = Field("", pattern=OWN_HTTPS, description="OpenID Connect issuer that operators sign in through.")
    oidc_client_id: str = Field("", description="Client that the issuer knows Unhook as.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Its secret; a public client has none.")
    oidc_scope: str = Field("openid email profile", pattern=r"^openid( |$)", description="What is asked for.")
    oidc_name: str = Field("your organisation", description="What the button on the sign-in page says.")
    oidc_role_claim: str = Field("", description="Claim that holds roles or groups; empty: owners choose roles here.")
    oidc_roles: dict[str, Literal["owner", "admin", "analyst", "viewer"]] = Field(
        {}, description="Role for each value of that claim, as a JSON object."
    )
    log_format: str = Field("console", pattern="^(console|json)$", description="console for people, json for machines.")
    secure_cookies: bool | None = Field(
        None, description="Send cookies over HTTPS only. Unset: unless only this machine asks, without a proxy."
    )
    learn_seconds: int = Field(900, ge=1, description="How long training a candidate may take.")
    learn_megabytes: int = Field(3000, ge=100, description="Memory that training a candidate may use, in megabytes.")
    lease_seconds: int = Field(
        600, ge=1, description="How long a step may hold a row before sweep gives it to another."
    )
    sweep_minutes: int = Field(1, ge=1, le=59, description="How often sweep looks for what was lost.")
    max_attempts: int = Field(10, ge=1, description="Tries of one step before the submission is failed with its cause.")
    public_url: str = Field(
        "", pattern=r"^(https://[^\s/?#]+)?$", description="Where people reach the web process, such as https://host."
    )
    ca_file: Path | None = Field(None, description="PEM file of certificate authorities for calls to mail providers.")
    microsoft_login_url: str = Field(
        "https://login.microsoftonline.com", pattern=HTTPS, description="Microsoft's sign-in service."
    )
    microsoft_graph_url: str = Field(
        "https://graph.microsoft.com/v1.0", pattern=HTTPS, description="Microsoft Graph, with its version."
    )
    outlook_client_id: str = Field("", description="App registration that reads and retracts mail through Graph.")
    outlook_client_secret: SecretStr = Field(SecretStr(""), description="Its secret, if it has no certificate.")
    outlook_certificate: SecretStr = Field(
        SecretStr(""), description="Its private key and certificate, both as PEM; preferred to a secret."
    )
    outlook_addin_client_id: str = Field("", description="App registration of the add-in: whom its tokens are for.")
    outlook_answers_from: str = Field("", description="Mailbox that answers to reporters are sent from.")
    outlook_forward_to: str = Field("", description="Address the add-in names when it cannot reach Unhook.")
    gmail_key: SecretStr = Field(
        SecretStr(""),
        description="Key of the service account, or a workload's identity; the JSON as downloaded.",
    )
    gmail_service_account: str = Field("", description="Address of the service account, when it has no key.")
    gmail_addon_account: str = Field("", description="Service account that Google calls the add-on as.")
    gmail_addon_client_id: str = Field("", description="OAuth client of the add-on: whom people's tokens are for.")
    gmail_answers_from: str = Field("", description="Account that answers to Gmail's reporters are sent from.")
    google_token_url: str = Field(
        "https://oauth2.googleapis.com/token", pattern=HTTPS, description="Google's token service."
    )
    google_certs_url: str = Field(
        "https://www.googleapis.com/oauth2/v1/certs", pattern=HTTPS, description="Certificates Google signs with."
    )
    gmail_url: str = Field("https://gmail.googleapis.com", pattern=HTTPS, description="The Gmail API.")
    google_admin_url: str = Field(
        "https://admin.googleapis.com", pattern=HTTPS, description="Google's Directory and Reports APIs."
    )
    google_iam_url: str = Field(
        "https://iamcredentials.googleapis.com", pattern=HTTPS, description="Google's IAM, which signs without a key."
    )
    crawl_allowed_networks: tuple[str, ...] = Field(
        (), description="Networks inside that followed links may reach all the same, as a JSON list."
    )
    outbound_allowed_networks: tuple[str, ...] = Field(
        (), description="Networks inside that webhooks and SIEM feeds may reach, as a JSON list."
    )
    receive_domain: str = Field(
        "",
        pattern=r"^([a-z0-9-]+(\.[a-z0-9-]+)+)?$",
        description="Domain that reports are mailed to; empty takes none.",
    )
    receive_host: str = Field("127.0.0.1", description="Address that mail is received on.")
    receive_port: int = Field(8026, ge=0, le=65535, description="Port that mail is received on.")
    receive_protocol: Literal["smtp", "lmtp"] = Field("smtp", description="How relays speak: smtp or lmtp.")
    receive_relays: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"), description="Addresses and networks from which mail is taken, as a JSON list."
    )
    receive_authserv_ids: tuple[str, ...] = Field(
        (), description="Names under which those relays write Authentication-Results, as a JSON list."
    )
    receive_certificate: Path | None = Field(None, description="PEM file with the certificate chain for STARTTLS.")
    receive_key: Path | None = Field(None, description="PEM file with its key, unless the chain's file holds it.")
    receive_require_tls: bool = Field(True, description="Take mail under TLS only, where there is a certificate.")
    receive_per_minute: int = Field(6000, ge=1, description="Mails one relay may send in a minute.")
    receive_unproven_per_minute: int = Field(
        120, ge=1, description="Mails for one tenant in a minute whose sender nobody proves."
    )
    receive_connections: int = Field(50, ge=1, le=1000, description="Connections at the same time.")
    spool_dir: Path | None = Field(None, description="Folder where received mail waits; empty: in the data folder.")
    spool_megabytes: int = Field(2000, ge=1, description="How much may wait there before mail is put off.")
    demo: bool = Field(False, description="Serve the demo's webmail page; set by `unhook demo`.")

    @model_validator(mode="after")
    def _evidence_is_shared_when_the_database_is(self) -> "Settings":
        embedded = not self.database_url or self.database_url.startswith("sqlite")
        if not embedded and not self.evidence_url:
            raise ValueError("UNHOOK_EVIDENCE_URL must be set when UNHOOK_DATABASE_URL is not SQLite")
        return self

    @field_validator("receive_relays")
    @classmethod
    def _networks(cls, relays: tuple[str, ...]) -> tuple[str, ...]:
        for one in relays:
            ip_network(one, strict=False)
        return relays

    @field_validator("receive_authserv_ids")
    @classmethod
    def _nobody_stands_for_all(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in names:
            raise ValueError("name the servers: results that anybody may write prove nothing")
        return names

    @model_validator(mode="after")
    def _mail_from_afar_comes_under_tls(self) -> "Settings":
        if self.receive_host not in NEAR and self.receive_require_tls and self.receive_certificate is None:
            raise ValueError("UNHOOK_RECEIVE_CERTIFICATE must be set, or UNHOOK_RECEIVE_REQUIRE_TLS be false")
        return self

    @property
    def asked_from_afar(self) -> bool:
        """Whether browsers on other machines reach the web process: directly, or through a proxy."""
        return bool(self.public_url or self.trusted_proxies) or self.host not in NEAR

    @property
    def https_only(self) -> bool:
        """Whether browsers are to send cookies over HTTPS only."""
        return self.asked_from_afar if self.secure_cookies is None else self.secure_cookies

    @property
    def store_url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'unhook.db'}"

    @property
    def spool_folder(self) -> Path:
        """The folder in force where received mail waits."""
        return self.spool_dir or self.data_dir.resolve() / "spool"

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
