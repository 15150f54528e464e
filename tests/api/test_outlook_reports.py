"""Outlook reports: whose mailbox is opened, and what may somebody do who has proven nothing?"""

from base64 import b64encode

import pytest
from builders import ANA, BEN
from microsoft.people import GraphWithPeople
from outlook_site import ANA_OID, APP, BEN_OID, DIRECTORY, OTHER_DIRECTORY, OutlookSite, make_outlook_site
from sites import RAW
from sqlalchemy import func, select

from backend.domain.submission import EvidenceSource, Identity, State
from backend.flow import fetch as fetching
from backend.flow.fetch import fetch
from backend.store import people, submissions
from backend.store.tables import submissions as table
from connectors.outlook import directory

REPORTS = "/api/v1/submissions"
UNVERIFIED = "/api/v1/reports/unverified-outlook"
THEIRS = "<zebra@pay.example>"
CHLOE = "chloe@example.org"


@pytest.fixture
def site(tmp_path, sqlite_database, entra, graph):
    made = make_outlook_site(tmp_path, sqlite_database, entra, graph, unverified_per_minute=3)
    for oid, address in ((ANA_OID, ANA), (BEN_OID, BEN)):
        user = made.directory.add_user(address)
        user.id = oid
        made.directory._keys[oid] = user
    yield made
    made.close()


def newest(site: OutlookSite):
    with site.services.database.read() as tx:
        number = tx.execute(select(func.max(table.c.id))).scalar_one()
        return submissions.get(tx, site.tenant_id, number)


def kept(site: OutlookSite) -> int:
    with site.services.database.read() as tx:
        return tx.execute(select(func.count()).select_from(table)).scalar_one()


def newcomer(site: OutlookSite, **more: object) -> str:
    return site.directory.add_user(CHLOE, **more).id


def stranger(site: OutlookSite, **body: object):
    return site.client().post(UNVERIFIED, json={"directory": DIRECTORY, "internet_message_id": THEIRS, **body})


# With a token


def test_the_message_is_fetched_from_the_reporters_own_mailbox(site, graph):
    copy = site.directory.deliver(ANA, RAW)

    assert site.send(internet_message_id=copy.internet_id).status_code == 202
    fetch(site.services, newest(site).id)

    report = newest(site)
    assert (report.mailbox, report.identity) == (ANA, Identity.VERIFIED)
    assert (report.state, report.evidence_source) == (State.FETCHED, EvidenceSource.FETCHED)
    assert graph.asked(BEN_OID) == graph.asked(BEN) == 0


def test_anothers_mailbox_is_refused_and_nobody_is_asked(site, graph):
    copy = site.directory.deliver(BEN, RAW)

    answer = site.send(mailbox=BEN, provider_message_id=copy.immutable, internet_message_id=THEIRS)

    assert answer.status_code == 403
    assert "shared or delegated" in answer.json["detail"]
    assert (graph.log, site.entra.tokens_given, kept(site)) == ([], 0, 0)


def test_a_message_that_was_moved_since_it_was_reported_is_found_by_its_message_id(site):
    """Office names it by an id that ends with the move. The copy that came along would never let PSR act."""
    copy = site.directory.deliver(ANA, RAW)
    ids = {"provider_message_id": copy.volatile, "internet_message_id": copy.internet_id}
    assert site.send(**ids, raw=b64encode(RAW).decode()).status_code == 202
    site.directory.box(ANA).move(copy, site.directory.box(ANA).well_known("archive"))

    fetch(site.services, newest(site).id)

    assert (newest(site).state, newest(site).evidence_source) == (State.FETCHED, EvidenceSource.FETCHED)


@pytest.mark.parametrize("named", ["provider_message_id", "internet_message_id"])
def test_ids_of_anothers_message_are_looked_up_in_ones_own_mailbox_only(site, graph, named):
    copy = site.directory.deliver(BEN, RAW)
    ids = {"provider_message_id": copy.immutable, "internet_message_id": copy.internet_id}

    assert site.send(**{named: ids[named]}).status_code == 202
    fetch(site.services, newest(site).id)

    assert newest(site).state is State.FAILED
    assert graph.log
    assert graph.asked(BEN_OID) == graph.asked(BEN) == 0


def test_a_newcomer_is_who_the_directory_says_and_not_who_the_token_says(site, graph):
    oid = newcomer(site, upn="chloe.sign-in@example.org")
    token = site.token(oid, preferred_username=BEN, email=BEN, upn=BEN, name="Ben")

    answer = site.client().get(REPORTS, headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200
    with site.services.database.read() as tx:
        assert people.find_person(tx, site.tenant_id, "outlook", oid).address == CHLOE
    assert graph.log == [f"GET /users/{oid}?$select=id,mail,userPrincipalName"]


def test_a_reporter_who_is_called_otherwise_by_now_has_the_address_that_the_directory_gives(site, graph):
    """Answers go there, with a link to their own reports: the old address may be somebody else's."""
    site.directory.users[next(key for key, user in site.directory.users.items() if user.id == ANA_OID)].mail = CHLOE
    token = {"Authorization": f"Bearer {site.token(ANA_OID, preferred_username='chloe.sign-in@example.org')}"}
    graph.troubles.order(r"GET /users/", status=404, code="Request_ResourceNotFound")

    for _ in range(3):
        assert site.client().get(REPORTS, headers=token).status_code == 200

    assert graph.asked(f"GET /users/{ANA_OID}") == 1
    with site.services.database.read() as tx:
        assert people.find_person(tx, site.tenant_id, "outlook", ANA_OID).address == ANA

    later = {"Authorization": f"Bearer {site.token(ANA_OID, preferred_username='c.sign-in@example.org')}"}
    site.client().get(REPORTS, headers=later)
    with site.services.database.read() as tx:
        assert people.find_person(tx, site.tenant_id, "outlook", ANA_OID).address == CHLOE


def test_the_directory_is_asked_once_for_each_person(site, graph):
    oid = newcomer(site)
    for _ in range(3):
        site.send(oid, internet_message_id=THEIRS)

    assert graph.asked(f"GET /users/{oid}") == 1
    assert kept(site) == 3


def test_who_has_no_mail_address_goes_by_their_sign_in_name(site):
    oid = newcomer(site, upn="chloe.sign-in@example.org")
    site.directory.users[oid].mail = None

    site.send(oid, internet_message_id=THEIRS)

    assert newest(site).mailbox == "chloe.sign-in@example.org"


@pytest.mark.parametrize("trouble", ["away", "withdrawn", "not permitted", "gone"])
def test_a_newcomers_report_is_kept_while_the_directory_does_not_answer(site, graph, entra, trouble):
    oid = newcomer(site)
    if trouble == "away":
        graph.troubles.order(r"GET /users/", status=503, times=10, headers={"Retry-After": "0"})
    if trouble == "withdrawn":
        entra.revoke(DIRECTORY, APP)
    if trouble == "not permitted":
        entra.grant(DIRECTORY, APP, ["Mail.ReadWrite"])
    if trouble == "gone":
        graph.troubles.order(r"GET /users/", status=404, code="Request_ResourceNotFound")

    assert site.send(oid, internet_message_id=THEIRS).status_code == 202
    assert newest(site).mailbox == oid

    graph.troubles.ordered.clear()
    if trouble not in {"withdrawn", "not permitted"}:
        site.send(oid, internet_message_id=THEIRS)
        assert newest(site).mailbox == CHLOE


def test_a_directory_that_never_answers_keeps_no_report_waiting(site, graph, monkeypatch):
    monkeypatch.setattr(directory, "READ", 0.2)
    graph.latency = 5.0  # who waited would learn the address
    oid = newcomer(site)

    assert site.send(oid, internet_message_id=THEIRS).status_code == 202
    assert newest(site).mailbox == oid


def test_a_mailbox_that_goes_by_its_object_id_is_the_same_mailbox(site, graph):
    oid = newcomer(site)
    graph.troubles.order(r"GET /users/[^/?]*\?", status=404, code="Request_ResourceNotFound")
    site.send(oid, internet_message_id=site.directory.deliver(CHLOE, RAW).internet_id)

    fetch(site.services, newest(site).id)

    assert (newest(site).mailbox, newest(site).state) == (oid, State.FETCHED)


def test_an_address_that_passed_to_somebody_else_leads_to_nobody_elses_mailbox(site, graph):
    """Ana is called otherwise by now, and another Ana has her address."""
    ana = site.directory.users.pop(next(key for key, user in site.directory.users.items() if user.id == ANA_OID))
    ana.mail = ana.upn = "ana.meier@example.org"
    site.directory.users[ANA_OID] = ana
    namesake = site.directory.add_user(ANA)
    assert site.directory.user(ANA) is namesake
    theirs, own = namesake.mailbox.deliver(RAW), ana.mailbox.deliver(RAW)

    site.send(internet_message_id=own.internet_id)
    fetch(site.services, newest(site).id)
    site.send(provider_message_id=theirs.immutable)
    fetch(site.services, newest(site).id)

    assert (newest(site).state, graph.asked(f"/users/{ANA}/"), graph.asked(namesake.id)) == (State.FAILED, 0, 0)
    with site.services.database.read() as tx:
        assert submissions.get(tx, site.tenant_id, newest(site).id - 1).state is State.FETCHED


def test_the_same_object_id_in_another_directory_is_nobody(site):
    token = site.token(ANA_OID, directory=OTHER_DIRECTORY)
    answer = site.client().get(REPORTS, headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401


# Without one


def test_a_stranger_is_taken_from_only_where_that_is_switched_on(tmp_path, sqlite_database, entra):
    site = make_outlook_site(tmp_path, sqlite_database, entra)

    assert stranger(site).status_code == 404
    assert kept(site) == 0


def test_a_strangers_report_is_unverified_for_good(site):
    assert stranger(site, raw=b64encode(RAW).decode(), comment="odd").status_code == 202
    fetch(site.services, newest(site).id)

    report = newest(site)
    assert (report.identity, report.person_id, report.mailbox) == (Identity.UNVERIFIED, None, "")
    assert (report.state, report.evidence_source) == (State.FETCHED, EvidenceSource.CLIENT)


def test_a_token_sent_along_changes_nothing(site):
    body = {"directory": DIRECTORY, "internet_message_id": THEIRS}
    site.client().post(UNVERIFIED, json=body, headers=site.bearer())

    assert newest(site).identity is Identity.UNVERIFIED


def test_the_answer_is_the_same_for_any_message_and_any_directory(site):
    site.directory.deliver(BEN, RAW)
    answers = [
        stranger(site),
        stranger(site, internet_message_id="<no@such>"),
        stranger(site, directory=OTHER_DIRECTORY),
    ]

    assert {(one.status_code, one.data) for one in answers} == {(202, b'{"accepted":true}\n')}
    assert kept(site) == 2


def test_a_message_that_was_only_named_is_found_wherever_it_lies(site, graph):
    site.directory.deliver(BEN, RAW)
    stranger(site)

    fetch(site.services, newest(site).id)

    report = newest(site)
    assert (report.state, report.evidence_source) == (State.FETCHED, EvidenceSource.FETCHED)
    assert (report.identity, report.person_id, report.mailbox) == (Identity.UNVERIFIED, None, "")
    assert graph.moves == []


def test_a_message_that_lies_nowhere_ends_with_its_cause(site):
    stranger(site)

    fetch(site.services, newest(site).id)

    assert newest(site).state is State.FAILED
    assert "did not sign in" in newest(site).cause


def test_a_stranger_can_have_only_so_many_mailboxes_looked_into(site, graph, monkeypatch):
    monkeypatch.setattr(fetching, "MOST_SEARCHED", 1)
    site.directory.box(BEN).deliver(RAW)  # the second mailbox of the directory
    stranger(site)

    fetch(site.services, newest(site).id)

    assert newest(site).state is State.FAILED


@pytest.mark.parametrize(
    "body",
    [
        {"internet_message_id": ""},
        {"directory": "acme"},
        {"directory": ""},
        {"directory": None},
        {"mailbox": BEN},
        {"provider_message_id": "x"},
        {"raw": "%"},
        {"comment": "x" * 2001},
    ],
)
def test_what_is_not_well_formed_is_refused(site, body):
    assert stranger(site, **body).status_code == 400
    assert kept(site) == 0


def test_it_comes_as_json(site):
    assert site.client().post(UNVERIFIED, data=RAW, content_type="message/rfc822").status_code == 415


def test_one_address_is_limited(site):
    assert [stranger(site).status_code for _ in range(4)] == [202, 202, 202, 429]
    assert site.send(internet_message_id=THEIRS).status_code == 202


@pytest.mark.parametrize("directory", [DIRECTORY, OTHER_DIRECTORY])
def test_a_directory_is_limited_for_all_addresses_together_known_or_not(site, directory):
    def send(number: int, where: str) -> int:
        own = {"REMOTE_ADDR": f"192.0.2.{number}"}
        body = {"directory": where, "internet_message_id": THEIRS}
        return site.client().post(UNVERIFIED, json=body, environ_base=own).status_code

    assert [send(number, directory) for number in range(13)] == [202] * 12 + [429]
    assert send(99, "33333333-2222-4333-8444-555555555555") == 202


def test_a_graph_that_answers_with_somebody_else_is_not_believed(site, graph, monkeypatch):
    oid = newcomer(site)
    real = GraphWithPeople._route

    def another(self, request, claims):
        return real(
            self,
            request
            if BEN_OID in request.path
            else type(request)(request.method, f"/users/{BEN_OID}", request.query_string, request.headers),
            claims,
        )

    monkeypatch.setattr(GraphWithPeople, "_route", another)
    site.send(oid, internet_message_id=THEIRS)

    assert newest(site).mailbox == oid
