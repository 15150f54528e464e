"""Many messages: rows as the flow leaves them, made by the database itself. A million reports would take a day.

The words of a mail come from a vocabulary as uneven as people's; beside them stand words that one message holds, one
in a thousand, one in twenty, three in ten, and Japanese ones. Everything follows from the message's number, through
remainders of products with primes, so that both engines hold the same and every run measures the same.
"""

from itertools import accumulate
from random import Random

from sqlalchemy import Connection, text

from backend.store import search_index
from backend.store.database import Database, upgrade
from backend.store.facets import MARK
from backend.store.words import terms

ONE, THOUSANDTH, TWENTIETH, OFTEN = "zebrafish", "voucher", "invoice", "account"
JAPANESE_RARE, JAPANESE = "凍結", "銀行"
BANK, FROZEN = terms(f"お客様の{JAPANESE}口座が"), terms(f"口座が{JAPANESE_RARE}されました")
VOCABULARY = [f"w{number}" for number in range(20_000)]
UNEVEN = list(accumulate(1 / (number + 10) for number in range(len(VOCABULARY))))
HALVES, WORDS_OF_A_HALF = 5_000, 20  # each mail is made of two
CHUNK = 50_000
TRIGGERS = ("ai", "ad", "au")

# The remainders, each nearly even in [0, 1), that everything is drawn from.
SEED = """
CREATE TABLE seed AS
WITH RECURSIVE numbers(n) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < :last),
drawn AS (
  SELECT n, (n * 7919) % 10007 / 10007.0 AS a, (n * 104729) % 10009 / 10009.0 AS b,
         (n * 1299709) % 10037 / 10037.0 AS c, (n * 15485863) % 10039 / 10039.0 AS d,
         (n * 32452843) % 10061 / 10061.0 AS e, (n * 49979687) % 10067 / 10067.0 AS f FROM numbers),
held AS (
  SELECT *, CASE WHEN a < 0.08 THEN 'MALICIOUS' WHEN a < 0.12 THEN 'SUSPICIOUS' WHEN a < 0.15 THEN 'SPOOF'
                 WHEN a < 0.4 THEN 'SPAM' WHEN a < 0.7 THEN 'BULK' ELSE 'NONE' END AS disposition,
         CASE WHEN b < 0.5 THEN 1 ELSE 0 END AS judged,
         6 * (c + d - 1) + CASE WHEN a < 0.08 THEN 2 ELSE -4 END AS margin,
         CASE WHEN e < 0.1 THEN 20 WHEN e < 0.3 THEN 2 ELSE 1 END AS reach FROM drawn),
waiting AS (
  SELECT *, 1 / (1 + exp(-margin)) AS chance,
         CASE WHEN judged = 0 AND disposition IN ('SUSPICIOUS', 'SPOOF') THEN 1 ELSE 0 END AS review FROM held),
harmful AS (
  SELECT *, reach * CASE WHEN disposition = 'MALICIOUS' AND chance < 0.9 THEN 0.9 ELSE chance END
    * CASE WHEN review = 1 THEN 1 WHEN judged = 1 THEN 0.02 WHEN 4 * chance * (1 - chance) < 0.1 THEN 0.1
           ELSE 4 * chance * (1 - chance) END AS harm FROM waiting)
SELECT *, CAST(floor(4 * ln(harm) / ln(2.0)) AS INTEGER) + 128 AS band,
       CASE WHEN n % 100 = 37 THEN 'team' ELSE 'user' END AS kind,
       CASE WHEN n % 9 = 0 THEN 'spam' ELSE 'phish' END AS submitted_as,
       CASE WHEN n % 50 = 0 THEN 'unverified' ELSE 'verified' END AS identity,
       CASE WHEN n % 500 = 1 THEN 'escalated' WHEN judged = 1 THEN 'reviewed' ELSE 'unreviewed' END AS triage,
       CASE WHEN disposition = 'MALICIOUS' AND f < 0.7 THEN 'done' ELSE '' END AS retraction,
       CASE WHEN disposition = 'MALICIOUS' AND f < 0.4 THEN 1 ELSE 0 END AS psr,
       CASE WHEN margin >= 0 THEN 'link-text-differs words-urgency' ELSE '' END AS reasons,
       CASE WHEN n % 10 = 3 THEN (n / 10) % (:rows / 1000 + 1) + 1 END AS campaign,
       :person + n % :people AS person, {at} AS at
FROM harmful
"""
INSERTS = (
    """INSERT INTO messages (id, tenant_id, fingerprint, subject, from_address, evidence_sha256, evidence_source, facts,
       first_reported_at, triage, campaign_id)
       SELECT n, :tenant, 'f' || n, 'Message ' || n, 'a' || (n % 5000) || '@b' || (n % 900) || '.test', '', 'fetched',
       '{}', at, triage, campaign FROM seed""",
    """INSERT INTO submissions (tenant_id, person_id, submitted_as, kind, identity, received_at, scored_at, state,
       message_id, mailbox)
       SELECT :tenant, person, submitted_as, kind, identity, at, at, 'answered', n, 'ana@example.org' FROM seed""",
    """INSERT INTO verdicts (id, tenant_id, message_id, version, base_margin, margin, reporter_value, reporters,
       probabilities, reasons, opinions, counterfactual, threshold, checkpoint, scored_at)
       SELECT n, :tenant, n, 1, margin - 1, margin, 2.4, '[]', '{}', '[]', '[]', '{}', 0.5, '2026-11', at FROM seed""",
    """INSERT INTO decisions (tenant_id, message_id, version, verdict_id, disposition, simulation, response, action,
       why, decided_by, decided_at)
       SELECT :tenant, n, 1, n, disposition, (1 = 0), 'nothing', 'trash', '[]', 'policy', at FROM seed""",
    """INSERT INTO labels (tenant_id, message_id, disposition, source, given_by, given_at, followed_at)
       SELECT :tenant, n, disposition, 'operator', 'operator:1', at, at FROM seed WHERE judged = 1""",
    """INSERT INTO retractions (id, tenant_id, message_id, state, action, automatic, ordered_by, ordered_at,
       approved_by, remaining, finished_at)
       SELECT n, :tenant, n, 'done', 'trash', (psr = 1), 'policy', at, '[]', 0, at FROM seed
       WHERE retraction = 'done'""",
    """INSERT INTO copies (tenant_id, retraction_id, mailbox, provider_copy_id, state, was_read, outcome, intended_at)
       SELECT :tenant, n, 'ana@example.org', '' || n, '{}', (n % 3 = 0), 'retracted', at FROM seed
       WHERE retraction = 'done'""",
    """INSERT INTO queue_rows (message_id, tenant_id, subject, sender, campaign_id, first_reported_at, last_reported_at,
       reports, reporters, mailboxes, kinds, submitted_as, identities, disposition, simulation, judged, base_margin,
       margin, reasons, retraction, psr, to_judge, review, triage, harm, band)
       SELECT n, :tenant, 'Message ' || n, 'a' || (n % 5000) || '@b' || (n % 900) || '.test', campaign, at, at, 1, 1,
       reach, kind, submitted_as, identity, disposition, (1 = 0), (judged = 1), margin - 1, margin, reasons, retraction,
       (psr = 1), (1 = 0), (review = 1), triage, harm, band FROM seed""",
    """INSERT INTO search_documents (message_id, tenant_id, subject, sender, body, keywords, recipients, domains,
       own_id, attachments, reasons)
       SELECT n, :tenant, 'message ' || n, 'a' || (n % 5000) || ' b' || (n % 900) || ' test',
       one.words || CASE WHEN n = :rows / 2 THEN ' {one}' ELSE '' END
       || CASE WHEN n % 1000 = 7 THEN ' {thousandth}' ELSE '' END || CASE WHEN d < 0.05 THEN ' {twentieth}' ELSE '' END
       || CASE WHEN e < 0.3 THEN ' {often}' ELSE '' END || CASE WHEN f < 0.05 THEN ' {bank}' ELSE '' END
       || CASE WHEN n % 1000 = 9 THEN ' {frozen}' ELSE '' END || ' ' || other.words,
       '{mark}t' || :tenant || ' {mark}h' || :tenant || '_' || band || ' {mark}n' || :tenant || '_' || (n / 4096)
       || ' {mark}disposition_' || lower(disposition) || ' {mark}triage_' || triage
       || ' {mark}retraction_' || retraction
       || CASE WHEN psr = 1 THEN ' {mark}psr_yes' ELSE ' {mark}psr_no' END
       || CASE WHEN review = 1 THEN ' {mark}review_yes' ELSE ' {mark}review_no' END || ' {mark}kinds_' || kind
       || ' {mark}submitted_as_' || submitted_as || ' {mark}identities_' || identity || ' {mark}reporter_' || person
       || ' {mark}submission_' || kind || '_' || lower(disposition)
       || ' {mark}submission_' || kind || CASE WHEN submitted_as = 'spam' THEN '_spam' ELSE '_malicious' END,
       'ana example org', 'b' || (n % 900) || '_test', n || ' b test',
       CASE WHEN n % 10 = 0 THEN 'notice pdf' ELSE '' END, replace(reasons, '-', ' ')
       FROM seed JOIN halves one ON one.id = n * 7919 % :halves
       JOIN halves other ON other.id = n * 611953 % :halves""",
)
SQLITE_AT = "strftime('%Y-%m-%d %H:%M:%f', :now, '-' || ((:rows - n) * 30) || ' seconds') || '000'"
POSTGRES_AT = "CAST(:now AS timestamp) - (:rows - n) * interval '30 seconds'"


def fill(database: Database, tenant_id: int, people: list[int], rows: int, now: str) -> None:
    """Put `rows` messages, each reported once, into an empty store; then tidy up as the store does by itself."""
    given = {"tenant": tenant_id, "person": people[0], "people": len(people), "rows": rows, "now": now}
    before = _without_index(database)
    with database.begin() as tx:
        _make_halves(tx)
        tx.execute(
            text("INSERT INTO campaigns (id, tenant_id, first_seen_at) VALUES (:id, :tenant, :now)"),
            [{"id": number, "tenant": tenant_id, "now": now} for number in range(1, rows // 1000 + 3)],
        )
    for first in range(1, rows + 1, CHUNK):
        with database.begin() as tx:
            _make(tx, {**given, "first": first, "last": min(first + CHUNK - 1, rows)})
    _index(database, before)


def _make_halves(tx: Connection) -> None:
    draw = Random(6)
    tx.execute(text("CREATE TABLE halves (id INTEGER PRIMARY KEY, words TEXT)"))
    halves = [" ".join(draw.choices(VOCABULARY, cum_weights=UNEVEN, k=WORDS_OF_A_HALF)) for _ in range(HALVES)]
    rows = [{"id": number, "words": words} for number, words in enumerate(halves)]
    tx.execute(text("INSERT INTO halves VALUES (:id, :words)"), rows)


def _make(tx: Connection, given: dict[str, object]) -> None:
    sqlite = tx.dialect.name == "sqlite"
    if not sqlite:
        tx.execute(text("SET LOCAL statement_timeout = 0"))
    words = {
        "one": ONE,
        "thousandth": THOUSANDTH,
        "twentieth": TWENTIETH,
        "often": OFTEN,
        "bank": BANK,
        "frozen": FROZEN,
    }
    _run(tx, SEED.replace("{at}", SQLITE_AT if sqlite else POSTGRES_AT), given)
    for template in INSERTS:
        statement = template
        for name, word in {**words, "mark": MARK}.items():
            statement = statement.replace(f"{{{name}}}", word)
        _run(tx, statement, {**given, "halves": HALVES})
    tx.execute(text("DROP TABLE seed"))


def _run(tx: Connection, statement: str, given: dict[str, object]) -> None:
    """Values stand in the statement: PostgreSQL cannot see their types inside CREATE TABLE AS. All are our own."""
    for name in sorted(given, key=len, reverse=True):
        value = given[name]
        statement = statement.replace(f":{name}", f"'{value}'" if isinstance(value, str) else str(value))
    sqlite = tx.dialect.name == "sqlite"
    tx.exec_driver_sql(statement if sqlite else statement.replace("%", "%%"))  # psycopg's own sign


def _without_index(database: Database) -> str:
    """Until `_index`, documents are not indexed row by row: at once is quicker."""
    with database.begin() as tx:
        if database.dialect == "sqlite":
            for name in TRIGGERS:
                tx.execute(text(f"DROP TRIGGER search_documents_{name}"))
            return ""
        asked = text("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_search_documents_vector'")
        statement = tx.execute(asked).scalar_one()
        tx.execute(text("DROP INDEX ix_search_documents_vector"))
        return str(statement)


def _index(database: Database, statement: str) -> None:
    if database.dialect == "sqlite":
        fts = search_index.FTS_TABLE
        for order in ("rebuild", "optimize"):
            with database.begin() as tx:
                tx.execute(text(f"INSERT INTO {fts}({fts}) VALUES ('{order}')"))
        with database.begin() as tx:
            tx.execute(text("ANALYZE"))
        upgrade(database)  # makes the triggers again
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for order in ("SET statement_timeout = 0", "SET maintenance_work_mem = '1GB'", statement, "VACUUM ANALYZE"):
            connection.exec_driver_sql(order)
        connection.invalidate()
