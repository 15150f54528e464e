"""Search finds the same messages on both engines, in every script, whatever somebody types."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import NOW, add_message, add_tenant
from sqlalchemy import text

from backend.errors import BadInput, Unknown
from backend.store import hits, matching, queue_rows, search, search_index
from backend.store.asked import asked_of
from backend.store.database import upgrade
from backend.store.filters import Filters
from backend.store.query import understand
from backend.store.words import LONGEST_DOCUMENT, terms

BODIES = {
    "invoice": "Your invoice 2026-17 is overdue. Pay at https://pay.example/acct?id=7",
    "japanese": "お客様の銀行口座が凍結されました。ガスの料金",
    "chinese": "您的账户已被冻结，请立即登录。東京銀行",
    "korean": "은행에서 보낸 보안 알림입니다",
    "thai": "บัญชีธนาคารของคุณถูกระงับ",
    "german": "Ihre Überweisung wurde zurückgestellt, Straße 5",
    "wide": "ＰａｙＰａｌ　アカウント",
    "russian": "Ваш счёт заблокирован",
}


@pytest.fixture
def filled(database):
    """One message per body, each reported an hour after the one before."""
    with database.begin() as tx:
        tenant = add_tenant(tx)
        ids = {}
        for hours, (name, body) in enumerate(BODIES.items()):
            ids[name] = add_message(tx, tenant, name, first_reported_at=NOW + timedelta(hours=hours))
            search.index_message(
                tx, tenant, ids[name], f"About {name}", "Bank <a@example.org>", body, "phish_submission"
            )

    def find(query, **more):
        names = {number: name for name, number in ids.items()}
        with database.read() as tx:
            return [names[number] for number in search.find(tx, tenant, query, **more)]

    return find


NONE_IS_FEW = {"ALWAYS_FEW": -1, "FEW": {"sqlite": -1, "postgresql": -1}}
FINDS = {
    "invoice": ["invoice"],
    "INVOICE overdue": ["invoice"],
    "invoice missing": [],
    '"is overdue"': ["invoice"],
    '"overdue is"': [],
    'about "invoice 2026"': ["invoice"],
    "pay.example": ["invoice"],
    "example.pay": [],
    "invoic": [],
    "銀行": ["chinese", "japanese"],
    "口座": ["japanese"],
    "凍結": ["japanese"],
    "冻结": ["chinese"],
    "行口": ["japanese"],
    "銀行口座": ["japanese"],
    "銀座": [],
    "口行": [],
    "行": ["chinese", "japanese"],
    "金": ["japanese"],
    '"東京銀行"': ["chinese"],
    "ガス": ["japanese"],
    "カス": [],
    "은행": ["korean"],
    "행에서": ["korean"],
    "보안 은행": ["korean"],
    "ธนาคาร": ["thai"],
    "überweisung": ["german"],
    "uberweisung": ["german"],
    "STRASSE": ["german"],
    "paypal": ["wide"],
    "アカウント": ["wide"],
    "счет": ["russian"],
    "a@example.org japanese": ["japanese"],
    "phish_submission japanese": ["japanese"],
    "submission": [],
    "": [],
    "  \t ": [],
    "!!! --- ???": [],
}


def test_a_query_finds_the_messages_that_hold_its_words(filled):
    assert {query: filled(query) for query in FINDS} == FINDS


def test_the_last_reported_message_comes_first_and_pages_follow_on(filled):
    everything = filled("phish_submission")
    assert everything == list(reversed(BODIES))
    assert filled("phish_submission", limit=3) + filled("phish_submission", limit=99, offset=3) == everything
    assert filled("phish_submission", limit=0) == filled("phish_submission", limit=-5, offset=-1) == []


HOSTILE = [
    '"',
    '"""',
    'a" OR "b',
    "invoice AND",
    "NEAR(a b)",
    "subject:invoice",
    "-invoice",
    "invoice*",
    "^invoice",
    "a & | ! <-> b:*",
    "'; DROP TABLE messages; --",
    "\\",
    "%",
    "_",
    "inv%ce",
    "x" * 10_000,
    '"q ' * 5_000,
    "銀" * 5_000,
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202einvoice",
    "🎣",
    "ﷺ" * 500,
    "{}()[]:;,.",
    "rowid",
    "{subject}:x",
]


def test_a_hostile_query_finds_nothing_it_should_not_and_never_fails(filled):
    def asked(query):
        with suppress(BadInput):  # a sentence for who typed it
            return set(filled(query))
        return set()

    assert [query for query in HOSTILE if not asked(query) <= {"invoice"}] == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=40), body=st.text(st.characters(exclude_characters='"', codec="utf-8"), max_size=80))
def test_any_text_can_be_indexed_and_any_query_asked(database, query, body):
    with database.begin() as tx:
        tenant = add_tenant(tx)
        message = add_message(tx, tenant)
        search.index_message(tx, tenant, message, body, "", f"before {body} after", "")
        queue_rows.write_marked(tx)
        with suppress(BadInput):
            search.find(tx, tenant, query)
        whole = search.find(tx, tenant, f'"{body}"')
        tx.rollback()
    assert whole == [message] or not terms(body)


@pytest.mark.parametrize("limits", [NONE_IS_FEW, {"MANY": -1}, {**NONE_IS_FEW, "FIRST_WINDOW": 1}])
def test_frequent_and_rare_words_are_found_alike(filled, monkeypatch, limits):
    rare = {query: filled(query) for query in FINDS}
    for name, value in limits.items():
        monkeypatch.setattr(matching, name, value)
    assert {query: filled(query) for query in FINDS} == rare


def test_postgresql_expects_what_it_has_counted(postgres_database):
    with postgres_database.begin() as tx:
        tenant = add_tenant(tx)
        for number in range(60):
            words = "invoice overdue" if number < 20 else "nothing to pay"
            search.index_message(tx, tenant, add_message(tx, tenant, str(number)), "", "", words)
        queue_rows.write_marked(tx)
        tx.execute(text("ANALYZE search_documents"))

        def expected(query):
            return hits.expected(tx, asked_of(tx, tenant, understand(Filters(query=query))))

        assert (expected("invoice").matches, expected("invoice").documents) == (20, 60)
        assert expected('"invoice overdue"').matches == 20, "side by side is not by chance"
        assert expected("unheard").matches < 20


def test_another_tenants_messages_are_never_found(database):
    with database.begin() as tx:
        north, south = add_tenant(tx, "north"), add_tenant(tx, "south")
        message = add_message(tx, south)
        search.index_message(tx, south, message, "secret plan", "", "", "")
        queue_rows.write_marked(tx)
        assert search.find(tx, north, "secret") == []
        assert search.find(tx, south, "secret") == [message]
        with pytest.raises(Unknown):
            search.index_message(tx, north, message, "mine now", "", "", "")
        assert search.find(tx, south, "stolen") == search.find(tx, south, "mine") == []


def test_a_message_indexed_again_is_found_by_its_new_words_only(database):
    with database.begin() as tx:
        tenant = add_tenant(tx)
        message = add_message(tx, tenant)
        search.index_message(tx, tenant, message, "old words", "", "body", "k1")
        search.index_message(tx, tenant, message, "new words", "", "body", "k1")
        queue_rows.write_marked(tx)
        found = {q: search.find(tx, tenant, q) for q in ("old", "new", "body", "k1", "user_malicious_submission")}
        assert found == {
            "old": [],
            "new": [message],
            "body": [message],
            "k1": [message],
            "user_malicious_submission": [],
        }
        assert search_index.count(tx) == (1, 1)


def test_an_index_that_lost_a_row_is_noticed_and_made_good(sqlite_database):
    with sqlite_database.begin() as tx:
        tenant = add_tenant(tx)
        search.index_message(tx, tenant, add_message(tx, tenant), "lost words", "", "", "")
        tx.execute(text("DROP TRIGGER search_documents_ai"))
        search.index_message(tx, tenant, add_message(tx, tenant, "g"), "unseen words", "", "", "")
        assert search_index.count(tx) == (2, 1)
    upgrade(sqlite_database)
    with sqlite_database.read() as tx:
        assert search_index.count(tx) == (2, 2)
        assert len(search.find(tx, tenant, "words")) == 2


def test_a_very_long_document_is_cut_at_a_word(database):
    with database.begin() as tx:
        tenant = add_tenant(tx)
        message = add_message(tx, tenant)
        body = " ".join(f"word{number}" for number in range(40_000)) + "銀行口座" * 30_000
        search.index_message(tx, tenant, message, "", "", body, "")
        queue_rows.write_marked(tx)
        assert search.find(tx, tenant, "word0 word20000") == [message]
    assert len(terms(body)) <= LONGEST_DOCUMENT
    assert len(terms("銀行口座" * 80_000)) <= LONGEST_DOCUMENT
