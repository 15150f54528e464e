"""`unhook learn`: a tenant's labels become a candidate, within limits, and whoever runs it reads what came of it."""

import os
import signal
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from builders import World, seed_tenant
from planted import plant

from backend.commands.learn import limited
from backend.domain.candidate import Candidate, CandidateState
from backend.domain.disposition import Disposition
from backend.domain.label import Source
from backend.errors import BadInput
from backend.flow import candidates as flow
from backend.flow import learning_process
from backend.flow.learning_process import start_learning
from backend.flow.sweep import sweep
from backend.settings import Settings, read_settings
from backend.store import audit, candidates, labels
from backend.wiring import build_services
from model import adapt, compare
from model.composed.campaign import campaign
from model.composed.write import AUTHSERV_ID
from model.message.facts import Facts
from model.message.parse import parse_message


def copies(seed: int, count: int, side: str) -> list[Facts]:
    return [parse_message(mail.raw, (AUTHSERV_ID,)) for mail in campaign(seed, count, side)]


@pytest.fixture
def world(unhook, data: Path) -> World:
    """A tenant on the very data folder that the command reads."""
    services = build_services(read_settings())
    yield seed_tenant(services)
    services.database.close()


def judge(
    world: World,
    mails: list[Facts],
    disposition: Disposition,
    source: Source = Source.OPERATOR,
    by: str = "operator:1",
) -> list[int]:
    given = []
    for facts in mails:
        message_id = plant(world, facts, -1.5)
        with world.services.database.begin() as tx:
            now = world.services.now()
            given.append(labels.give(tx, world.tenant_id, message_id, disposition, source, by, now))
    return given


def taught(world: World) -> None:
    """Two campaigns of attacks, two of honest mail, and one spam: 25 judged messages."""
    judge(world, copies(15, 6, "crooked"), Disposition.MALICIOUS)
    judge(world, copies(17, 6, "crooked"), Disposition.MALICIOUS, Source.TEAM)
    judge(world, copies(3, 6, "honest"), Disposition.NONE)
    judge(world, copies(5, 6, "honest"), Disposition.BULK)
    judge(world, copies(4, 1, "crooked"), Disposition.SPAM)


def newest(world: World) -> Candidate:
    with world.services.database.read() as tx:
        return candidates.newest(tx, world.tenant_id, 1)[0]


@pytest.fixture
def little(monkeypatch):
    """Less composed mail and fewer steps than a real candidate takes: enough to go every way once."""
    monkeypatch.setattr(adapt, "AdaptConfig", partial(adapt.AdaptConfig, steps=6))
    monkeypatch.setattr(compare, "REPLAY", 60)
    monkeypatch.setattr(compare, "FROZEN", 60)


def test_labels_become_a_candidate_that_was_compared_and_serves_nobody_yet(unhook, world, little):
    taught(world)
    done = unhook("learn", "acme")
    assert done.exit_code == 0, done.stderr
    made = newest(world)
    assert (made.state, made.progress, made.based_on) == (CandidateState.READY, 1.0, "v1")
    assert f"candidate {made.id} (acme-{made.id}), taught by {len(made.label_ids)} labels" in done.stdout
    assert "frozen test:" in done.stdout
    assert "speaks against it:" in done.stdout
    assert made.measures["learned"] + made.measures["held_back"] == 25
    assert made.measures["difference"]["looked_at"] == 25
    for counted in made.measures["calibration"]:  # every mail of the frozen test that is not spam lies in one step
        assert len(counted) == len(made.measures["steps"]) + 1
        side = made.measures["frozen"][0]
        assert [sum(each) for each in zip(*counted, strict=True)] == [
            side["malicious"] + side["legitimate"],
            side["malicious"],
        ]
    assert world.services.predictor_of(world.tenant_id).checkpoint == "v1"
    with world.services.database.read() as tx:
        assert audit.newest(tx, world.tenant_id, limit=1)[0].action == "candidate asked for"

    flow.promote(world.services, world.owner, made.id, even_so=True)
    assert world.services.predictor_of(world.tenant_id).checkpoint == made.name


def test_the_same_labels_make_the_same_network_and_without_one_it_is_another(unhook, world, little):
    """A revoked label leaves no trace in the next candidate: as if it had never been given."""
    taught(world)
    unhook("learn", "acme")
    first = newest(world)
    framed = [copies(seed, 1, "honest")[0] for seed in range(6, 16)]
    wrong = judge(world, framed, Disposition.MALICIOUS, by="operator:2")
    unhook("learn", "acme")
    poisoned = newest(world)
    with world.services.database.begin() as tx:
        for label_id in wrong:
            labels.revoke(tx, world.tenant_id, label_id, world.services.now(), "operator:1", "Wrong.")
    unhook("learn", "acme")
    again = newest(world)
    hostile = len(set(wrong) & set(poisoned.label_ids))
    assert hostile > 5
    assert poisoned.measures["giver"][0] == "operator:2"
    assert poisoned.measures["giver"][2] == hostile
    assert "one-giver" in poisoned.obstacles
    assert "one-giver" not in first.obstacles
    assert poisoned.weights_sha256 != first.weights_sha256
    assert (again.label_ids, again.weights_sha256) == (first.label_ids, first.weights_sha256)


def test_too_few_labels_are_refused_and_leave_no_candidate(unhook, world):
    judge(world, copies(15, 5, "crooked"), Disposition.MALICIOUS)
    refused = unhook("learn", "acme")
    assert refused.exit_code == 1
    assert "There are 5 judged messages; a candidate needs at least 20." in refused.stderr
    with world.services.database.read() as tx:
        assert candidates.newest(tx, world.tenant_id) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name a tenant, or a candidate"),
        (("acme", "--candidate", 1), "Name a tenant, or a candidate"),
        (("nobody",), "There is no tenant called 'nobody'"),
        (("--candidate", 99), "There is no candidate 99."),
    ],
)
def test_what_cannot_be_taught_is_named(unhook, world, words, said):
    refused = unhook("learn", *words)
    assert (refused.exit_code, said in refused.stderr) == (1, True)


def test_a_candidate_is_trained_once_and_how_far_it_is_only_ever_grows(unhook, world, little, monkeypatch):
    taught(world)
    shares: list[float] = []
    note = candidates.note_progress
    monkeypatch.setattr(candidates, "note_progress", lambda *told: shares.append(told[-1]) or note(*told))
    candidate_id = flow.ask(world.services, world.owner)
    assert "A candidate is being trained already." in unhook("learn", "acme").stderr
    assert unhook("learn", "--candidate", candidate_id).exit_code == 0
    assert "being trained already, or it is done" in unhook("learn", "--candidate", candidate_id).stderr
    assert newest(world).state is CandidateState.READY
    assert shares == sorted(shares)
    assert shares[0] < 0.1 < 0.85 < shares[-1]


def test_one_that_was_given_up_on_ends_and_keeps_nothing(unhook, world, little, monkeypatch):
    taught(world)
    monkeypatch.setattr(candidates, "note_progress", lambda *_: False)
    ended = unhook("learn", "acme")
    assert (ended.exit_code, "given up on meanwhile" in ended.stderr) == (1, True)
    assert newest(world).state is CandidateState.FAILED


def test_labels_whose_mail_is_gone_teach_nothing_and_the_candidate_says_so(unhook, world, little):
    judge(world, [Facts(subject=f"Empty {number}") for number in range(20)], Disposition.MALICIOUS)
    refused = unhook("learn", "acme")
    assert refused.exit_code == 1
    assert "no judged message still has its content" in refused.stderr
    assert "no judged message still has its content" in newest(world).cause


def ended(world: World, seconds: float = 60) -> Candidate:
    deadline = time.monotonic() + seconds
    while newest(world).state in (CandidateState.ASKED, CandidateState.LEARNING):
        assert time.monotonic() < deadline, newest(world)
        time.sleep(0.1)
    return newest(world)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"UNHOOK_LEARN_SECONDS": "1"}, "Learning took longer than 1 seconds; see UNHOOK_LEARN_SECONDS."),
        ({"UNHOOK_LEARN_MEGABYTES": "100"}, "Learning needed more than 100 megabytes of memory"),
    ],
)
def test_the_process_a_worker_starts_ends_at_its_limits_and_says_which(unhook, world, monkeypatch, limits, said):
    taught(world)
    for name, value in limits.items():
        monkeypatch.setenv(name, value)
    start_learning(replace(world.services, settings=read_settings()), flow.ask(world.services, world.owner))
    failed = ended(world)
    assert failed.state is CandidateState.FAILED
    assert said in failed.cause


def test_the_process_a_worker_starts_is_handed_no_key(unhook, world, monkeypatch):
    taught(world)
    keys = ("UNHOOK_OUTLOOK_CLIENT_SECRET", "UNHOOK_GMAIL_KEY", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "A_TOKEN")
    for name in (*keys, "UNHOOK_SECRET_KEY"):
        monkeypatch.setenv(name, "a secret")
    start_learning(replace(world.services, settings=read_settings()), flow.ask(world.services, world.owner))
    [trainer] = trainers(world)
    handed = Path(f"/proc/{trainer}/environ").read_bytes()
    os.kill(trainer, signal.SIGKILL)
    assert b"UNHOOK_DATA_DIR=" in handed
    assert b"a secret" not in handed
    assert [name for name in keys if name.encode() in handed] == []
    ended(world)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"evidence_url": "s3://bucket/unhook"}, {"AWS_SECRET_ACCESS_KEY", "https_proxy"}),
        ({"evidence_url": "gs://bucket/unhook"}, {"GOOGLE_APPLICATION_CREDENTIALS", "https_proxy"}),
        ({"database_url": "postgresql://db/unhook", "evidence_url": "/mnt/evidence"}, {"PGPASSWORD"}),
        ({}, set()),
    ],
)
def test_what_opens_the_store_is_handed_on(given, kept):
    names = ("AWS_SECRET_ACCESS_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "PGPASSWORD", "https_proxy", "A_TOKEN")
    handed = learning_process._environment(Settings(**given), dict.fromkeys(names, "x"))
    assert {name for name in handed if not name.startswith("UNHOOK_")} == kept


def test_a_process_that_was_killed_is_noticed_and_the_next_one_may_begin(unhook, world):
    taught(world)
    start_learning(world.services, flow.ask(world.services, world.owner))
    [trainer] = trainers(world)
    os.kill(trainer, signal.SIGKILL)
    assert "ended by signal 9" in ended(world).cause
    flow.ask(world.services, world.owner)


def trainers(world: World) -> list[int]:
    """The processes that train the newest candidate, once it is trained."""
    while newest(world).state is CandidateState.ASKED:
        time.sleep(0.05)
    return [int(p.parent.name) for p in Path("/proc").glob("[0-9]*/cmdline") if is_ours(p, newest(world).id)]


def is_ours(cmdline: Path, candidate_id: int) -> bool:
    """Whether it is the process that we started: its parent is this one."""
    try:
        words = cmdline.read_bytes().split(b"\0")
        parent = int((cmdline.parent / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it ended while we looked
        return False
    return parent == os.getpid() and words[-3:-1] == [b"--candidate", str(candidate_id).encode()]


def test_what_nobody_began_is_woken_again_and_given_up_in_the_end(world):
    """A lost queue task must not keep the tenant from ever training again."""
    now = world.services.now()
    services = replace(world.services, now=lambda: now)
    huey = services.wake.huey

    def woken() -> int:
        return sum(task.name == "candidate" for task in huey.pending())

    taught(world)
    flow.ask(services, world.owner)
    huey.flush()  # the queue was lost
    sweep(services)
    assert woken() == 0
    now += timedelta(seconds=services.settings.lease_seconds + 60)
    sweep(services)
    assert woken() == 1
    now += timedelta(hours=1)
    sweep(services)
    assert newest(world).state is CandidateState.FAILED
    assert "No worker began it" in newest(world).cause


def test_limits_end_with_what_they_were_for():
    with pytest.raises(BadInput, match="UNHOOK_LEARN_SECONDS"), limited(100_000, 1):
        time.sleep(5)
    time.sleep(0.01)
    bytearray(10_000_000)
