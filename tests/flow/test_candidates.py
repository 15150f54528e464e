"""Candidates: is a tenant's own network made, compared, promoted, picked up and rolled back, and never another's?"""

from pathlib import Path

import pytest
from builders import World, make_services, seed_tenant
from taught import made, serves

from backend.commands.learn import learn_candidate
from backend.domain.candidate import Candidate, CandidateState
from backend.domain.people import Role
from backend.errors import Conflict, NotAllowed, Unknown
from backend.flow import candidates as flow
from backend.store import audit, candidates


@pytest.fixture
def world(tmp_path: Path, sqlite_database) -> World:
    return seed_tenant(make_services(tmp_path, sqlite_database))


def kept(world: World, candidate_id: int) -> Candidate:
    with world.services.database.read() as tx:
        found = candidates.get(tx, world.tenant_id, candidate_id)
    assert found is not None
    return found


def test_a_promotion_is_picked_up_at_once_and_rolled_back_in_one_step(world):
    assert serves(world) == "v1"
    first, second = made(world, "acme-1"), made(world, "acme-2")
    flow.promote(world.services, world.owner, first)
    assert serves(world) == "acme-1"
    flow.promote(world.services, world.owner, second)
    assert serves(world) == "acme-2"
    flow.roll_back(world.services, world.owner)
    assert serves(world) == "acme-1"
    flow.roll_back(world.services, world.owner)
    assert serves(world) == "v1"
    with pytest.raises(Conflict):
        flow.roll_back(world.services, world.owner)
    with world.services.database.read() as tx:
        said = [line.action for line in audit.newest(tx, world.tenant_id)]
    assert said == ["rolled back", "rolled back", "promoted", "promoted"]


def test_a_candidate_serves_its_own_tenant_only(world):
    other = seed_tenant(world.services, "other")
    candidate_id = made(world)
    flow.promote(world.services, world.owner, candidate_id)
    assert serves(other) == "v1"
    with pytest.raises(Unknown):
        flow.promote(world.services, other.owner, candidate_id)


def test_what_speaks_against_a_candidate_must_be_confirmed(world):
    candidate_id = made(world, obstacles=("forgets",))
    with pytest.raises(Conflict):
        flow.promote(world.services, world.owner, candidate_id)
    flow.promote(world.services, world.owner, candidate_id, even_so=True)
    assert serves(world) == "acme-1"


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMIN, Role.VIEWER])
def test_only_an_owner_promotes_and_rolls_back(world, role):
    candidate_id = made(world)
    operator = world.operator(role)
    with pytest.raises(NotAllowed):
        flow.promote(world.services, operator, candidate_id)
    with pytest.raises(NotAllowed):
        flow.roll_back(world.services, operator)


def test_policy_promotes_only_what_nothing_speaks_against(world):
    good, bad = kept(world, made(world, "good")), kept(world, made(world, "bad", ("sways",)))
    with world.services.database.begin() as tx:
        assert not flow.promote_by_policy(tx, world.services, good)
    world.set_policy(learning={"promote": "policy"})
    with world.services.database.begin() as tx:
        assert not flow.promote_by_policy(tx, world.services, bad)
        assert flow.promote_by_policy(tx, world.services, good)
    assert serves(world) == "good"


def test_a_candidate_whose_files_are_damaged_does_not_serve(world):
    candidate_id = made(world)
    flow.promote(world.services, world.owner, candidate_id)
    world.services.evidence.delete(world.tenant_id, kept(world, candidate_id).weights_sha256)
    assert serves(world) == "v1"


def test_a_candidate_needs_enough_labels_and_comes_one_at_a_time(world):
    with pytest.raises(Conflict):
        flow.ask(world.services, world.owner)
    with world.services.database.begin() as tx:
        assert candidates.ask(tx, world.tenant_id, "operator:1", world.services.now()) is not None
        assert candidates.ask(tx, world.tenant_id, "operator:1", world.services.now()) is None


def test_training_without_anything_to_learn_fails_with_its_cause(world):
    with world.services.database.begin() as tx:
        candidate_id = candidates.ask(tx, world.tenant_id, "operator:1", world.services.now())
    assert candidate_id is not None
    with world.services.database.begin() as tx:
        candidates.begin(tx, world.tenant_id, candidate_id, world.services.now())
    with pytest.raises(Conflict):
        learn_candidate(world.services, world.tenant_id, candidate_id)
    with world.services.database.begin() as tx:
        candidates.fail(tx, world.tenant_id, candidate_id, "too little", world.services.now())
    assert kept(world, candidate_id).state is CandidateState.FAILED
