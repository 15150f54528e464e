"""Search: how does a message become findable, and which messages hold these words?"""

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from backend.errors import Unknown
from backend.store import matching
from backend.store.documents import words_of
from backend.store.filters import Filters, Order
from backend.store.queue_rows import mark
from backend.store.tables import messages, search_documents
from backend.store.words import terms
from model.message.facts import Facts

__all__ = ["find", "index_facts", "index_message", "terms"]

MOST_FOUND = 500


def index_facts(tx: Connection, tenant_id: int, message_id: int, facts: Facts) -> None:
    """Make the message findable by its words, people, hosts and files. Raises Unknown when it is not this tenant's."""
    _keep(tx, tenant_id, message_id, words_of(facts))


def index_message(
    tx: Connection, tenant_id: int, message_id: int, subject: str, sender: str, body: str, recipients: str = ""
) -> None:
    """Make the message findable by these words alone. Raises Unknown when it is not this tenant's."""
    words = {"subject": subject, "sender": sender, "body": body, "recipients": recipients}
    _keep(tx, tenant_id, message_id, {name: terms(text) for name, text in words.items()})


def find(tx: Connection, tenant_id: int, query: str, limit: int = 50, offset: int = 0) -> list[int]:
    """Ids of this tenant's messages that hold everything asked for, the last reported first. Raises BadInput."""
    if not query.strip():
        return []
    begin, most = max(0, offset), max(0, min(limit, MOST_FOUND))
    return matching.find(tx, tenant_id, Filters(query=query), Order.NEWEST, begin + most)[begin:]


def _keep(tx: Connection, tenant_id: int, message_id: int, words: dict[str, str]) -> None:
    here = select(messages.c.id).where(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
    if tx.execute(here).first() is None:
        raise Unknown("There is no such message.")
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    tx.execute(
        insert(search_documents)
        .values(message_id=message_id, tenant_id=tenant_id, keywords="", **words)
        .on_conflict_do_update(index_elements=["message_id"], set_=words)
    )
    mark(tx, tenant_id, [message_id])
