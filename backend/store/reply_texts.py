"""Reply texts: what does a tenant say to its people in its own words?"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from backend.domain.people import Actor
from backend.policy.replies import Text
from backend.store.tables import reply_texts


def find(tx: Connection, tenant_id: int, template: str, language: str) -> Text | None:
    """The tenant's own text; None where it says what Unhook brings."""
    row = tx.execute(
        select(reply_texts.c.subject, reply_texts.c.body).where(_this(tenant_id, template, language))
    ).first()
    return Text(row.subject, row.body) if row else None


def written(tx: Connection, tenant_id: int) -> frozenset[tuple[str, str]]:
    """(template, language) of every text that is the tenant's own."""
    here = select(reply_texts.c.template, reply_texts.c.language).where(reply_texts.c.tenant_id == tenant_id)
    return frozenset((row.template, row.language) for row in tx.execute(here))


def keep(tx: Connection, tenant_id: int, template: str, language: str, text: Text, by: Actor, now: datetime) -> None:
    """Say this from now on."""
    said = {"subject": text.subject, "body": text.body, "changed_by": str(by), "changed_at": now}
    upsert = (postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert)(reply_texts)
    row = upsert.values(tenant_id=tenant_id, template=template, language=language, **said)
    tx.execute(row.on_conflict_do_update(index_elements=["tenant_id", "template", "language"], set_=said))


def reset(tx: Connection, tenant_id: int, template: str, language: str) -> bool:
    """Say again what Unhook brings. False when it does already."""
    return tx.execute(delete(reply_texts).where(_this(tenant_id, template, language))).rowcount == 1


def _this(tenant_id: int, template: str, language: str) -> Any:
    return and_(
        reply_texts.c.tenant_id == tenant_id,
        reply_texts.c.template == template,
        reply_texts.c.language == language,
    )
