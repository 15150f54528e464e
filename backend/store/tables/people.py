"""Who there is: tenants, those who report, those who operate, and programs."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, text

from backend.store.tables.columns import key, metadata, moment, of_tenant, unique_unless_empty, words

tenants = Table(
    "tenants",
    metadata,
    key(),
    Column("slug", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("provider", String, nullable=False),  # outlook, gmail or maildir
    words("directory"),  # the provider's own id of the organisation: a Microsoft tenant, a Google customer
    words("administrator"),  # whom the provider's directory is read as, where it asks for a person (Google)
    Column("policy", JSON, nullable=False),  # backend.policy.settings.TenantPolicy, the tenant's own numbers
    moment("created_at"),
    Index(
        "uq_tenants_directory",
        "provider",
        "directory",
        unique=True,
        sqlite_where=text("directory <> ''"),
        postgresql_where=text("directory <> ''"),
    ),
)

people = Table(
    "people",
    metadata,
    key(),
    of_tenant(),
    Column("provider", String, nullable=False),
    Column("subject", String, nullable=False),
    words("address"),  # also the mailbox; empty once erased
    words("name"),
    moment("created_at"),
    moment("erased_at", nullable=True),
    words("language"),  # of the button that they reported with last; empty: the tenant's
    Column("link_round", Integer, nullable=False, server_default="1"),  # links to their page of an earlier one are dead
    UniqueConstraint("tenant_id", "provider", "subject"),
    Index(None, "tenant_id", "address"),
)

tokens = Table(
    "tokens",
    metadata,
    key(),
    of_tenant(),
    Column("person_id", Integer, ForeignKey("people.id"), nullable=False),
    Column("token_sha256", String(64), nullable=False, unique=True),
    words("kind"),  # user or team
    moment("created_at"),
    moment("revoked_at", nullable=True),
)

operators = Table(
    "operators",
    metadata,
    key(),
    of_tenant(),
    Column("name", String, nullable=False),
    Column("password_hash", String, nullable=False),  # empty: signs in through the provider only
    Column("role", String, nullable=False),
    Column("session_version", Integer, nullable=False, server_default="1"),
    moment("created_at"),
    moment("disabled_at", nullable=True),
    words("email"),  # whom the provider must name at the first sign-in
    words("issuer"),  # the provider and its own id of the person, from the first sign-in on
    words("subject"),
    Column("must_change", Boolean, nullable=False, server_default=text("false")),  # somebody else knows the password
    moment("invited_until", nullable=True),
    moment("signed_in_at", nullable=True),  # the last time
    UniqueConstraint("name"),
    unique_unless_empty("operators", "email"),
    unique_unless_empty("operators", "issuer", "subject"),
)

sessions = Table(  # a row for each time an operator signed in: what a cookie names, and what can be ended from afar
    "sessions",
    metadata,
    key(),
    of_tenant(),
    Column("operator_id", Integer, ForeignKey("operators.id"), nullable=False),
    Column("version", Integer, nullable=False),  # the operator's session_version as of then
    Column("way", String, nullable=False),  # password or provider
    words("source"),
    words("agent"),
    moment("began_at"),
    moment("seen_at"),
    moment("until"),
    moment("ended_at", nullable=True),
    Index(None, "tenant_id", "operator_id"),
)

service_tokens = Table(  # of programs, each with the few things it may do
    "service_tokens",
    metadata,
    key(),
    of_tenant(),
    Column("name", String, nullable=False),
    Column("shown", String, nullable=False),  # its first characters
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),  # [backend.domain.people.Scope, ...]
    Column("created_by", Integer, ForeignKey("operators.id"), nullable=False),
    moment("created_at"),
    moment("expires_at", nullable=True),
    moment("last_used_at", nullable=True),
    moment("revoked_at", nullable=True),
    Index(None, "tenant_id"),
)

preferences = Table(  # how an operator likes to read; without a row, as the browser says
    "preferences",
    metadata,
    key(),
    of_tenant(),
    Column("operator_id", Integer, ForeignKey("operators.id"), nullable=False, unique=True),
    words("language"),
    words("time_zone"),
    Column("theme", String, nullable=False),
    Column("keys", Boolean, nullable=False),
)
