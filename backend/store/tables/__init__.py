"""Tables: every table Unhook has. Alembic's migrations create them; a test compares the two.

Times are stored as UTC without a zone. Every table carries `tenant_id`, and every query names it.
"""

from backend.store.tables.answers import answers, contests, reply_texts
from backend.store.tables.columns import metadata
from backend.store.tables.learning import candidates, labels, lessons, servings
from backend.store.tables.lists import list_entries, own_rule_tests, own_rule_versions, own_rules
from backend.store.tables.mail import (
    campaign_changes,
    campaigns,
    evidence,
    landings,
    messages,
    minhashes,
    polled_mailboxes,
    polled_mails,
    received_mails,
    signatures,
    submissions,
    traits,
)
from backend.store.tables.people import operators, people, preferences, service_tokens, sessions, tenants, tokens
from backend.store.tables.response import copies, later_looks, retractions
from backend.store.tables.trail import audit, deliveries, webhooks
from backend.store.tables.verdicts import alarms, backtests, decisions, psr_log, verdicts
from backend.store.tables.workplace import (
    escalations,
    notes,
    operation_items,
    operations,
    overviews,
    queue_rows,
    saved_views,
    search_documents,
)

__all__ = [
    "alarms",
    "answers",
    "audit",
    "backtests",
    "campaign_changes",
    "campaigns",
    "candidates",
    "contests",
    "copies",
    "decisions",
    "deliveries",
    "escalations",
    "evidence",
    "labels",
    "landings",
    "later_looks",
    "lessons",
    "list_entries",
    "messages",
    "metadata",
    "minhashes",
    "notes",
    "operation_items",
    "operations",
    "operators",
    "overviews",
    "own_rule_tests",
    "own_rule_versions",
    "own_rules",
    "people",
    "polled_mailboxes",
    "polled_mails",
    "preferences",
    "psr_log",
    "queue_rows",
    "received_mails",
    "reply_texts",
    "retractions",
    "saved_views",
    "search_documents",
    "service_tokens",
    "servings",
    "sessions",
    "signatures",
    "submissions",
    "tenants",
    "tokens",
    "traits",
    "verdicts",
    "webhooks",
]
