"""Instant learning: what follows at once from a label, and from its end?"""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import ANA, BEN, World, make_services, seed_tenant
from modules.campaign_mails import unrelated, variant
from planted import held, plant

from backend.domain.disposition import Disposition
from backend.domain.label import Source
from backend.domain.people import Role
from backend.domain.submission import Kind
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow.campaigns import merge
from backend.flow.feedback import correct
from backend.flow.learn import follow, revoke, revoke_all_of
from backend.flow.score import reporter_shares
from backend.flow.sweep import sweep
from backend.store import audit, campaigns, labels, later_looks, lessons, psr_log, search, tenants
from model.message.facts import Address, Attachment, Authentication, Facts, Link

MALICIOUS, NONE = Disposition.MALICIOUS, Disposition.NONE


@pytest.fixture
def world(tmp_path: Path, database) -> World:
    return seed_tenant(make_services(tmp_path, database))


def judge(world: World, message_id: int, disposition: Disposition = MALICIOUS, operator=None) -> int:
    """An operator's word; returns its label."""
    correct(world.services, operator or world.owner, message_id, disposition)
    with world.services.database.read() as tx:
        return labels.newest(tx, world.tenant_id, 1)[0].id


def found(world: World, query: str) -> list[int]:
    with world.services.database.read() as tx:
        return sorted(search.find(tx, world.tenant_id, query))


def linked(seed: int, host: str = "portal.supplier-check.example", path: str = "/confirm/reference", **fields) -> Facts:
    """A mail that resembles no other, but for where it leads."""
    link = Link(f"https://{host}{path}", host, ".".join(host.split(".")[-2:]), "a", "Open")
    return replace(unrelated(seed), links=(link,), **fields)


def test_what_is_like_a_judged_message_is_malicious_at_once_earlier_and_later(world):
    earlier = [plant(world, variant(seed), -1.5) for seed in range(6)]
    other = plant(world, unrelated(1), -1.5)
    assert {held(world, number).disposition for number in earlier} == {NONE}

    label_id = judge(world, earlier[0])

    assert {held(world, number).disposition for number in earlier} == {MALICIOUS}
    assert held(world, other).disposition is NONE
    later = plant(world, variant(7), -1.9)
    assert held(world, later).disposition is MALICIOUS
    assert held(world, later).why[:2] == ("learned-similar", f"label-{label_id}")
    assert held(world, later).decided_by == "policy"


def test_the_reason_can_be_searched_and_names_the_label(world):
    numbers = [plant(world, variant(seed), -1.5) for seed in range(4)]
    label_id = judge(world, numbers[0])
    assert found(world, "reason:learned-similar") == numbers[1:]
    assert found(world, f"reason:label-{label_id}") == numbers[1:]
    with world.services.database.read() as tx:
        assert lessons.counts(tx, world.tenant_id, [label_id]) == {label_id: 3}
        assert lessons.of_message(tx, world.tenant_id, numbers[1]).lesson.likeness >= 0.4


def test_what_the_network_holds_to_be_clean_is_not_converted_by_likeness(world):
    judged, doubtful = plant(world, variant(0), -1.5), plant(world, variant(1), -2.1)
    judge(world, judged)
    assert held(world, doubtful).disposition is NONE


def test_a_link_of_its_own_is_enough_without_likeness(world):
    judged, sharing = plant(world, linked(1), 0.5), plant(world, linked(2), -6.0)
    label_id = judge(world, judged)
    assert held(world, sharing).why[:2] == ("learned-link", f"label-{label_id}")
    assert held(world, plant(world, linked(3), -7.9)).disposition is MALICIOUS
    assert (
        held(world, plant(world, linked(4), -8.1)).disposition is NONE
    )  # clean beyond doubt: nobody's word converts it


def test_a_file_is_enough_without_likeness(world):
    file = Attachment("Offer.pdf", "application/pdf", "application/pdf", 20_000, "ab" * 32)
    judged = plant(world, replace(unrelated(1), attachments=(file,)), 0.5)
    sharing = plant(world, replace(unrelated(2), attachments=(replace(file, name="Other.pdf"),)), -5.0)
    picture = plant(world, replace(unrelated(3), attachments=(replace(file, detected_type="image/png"),)), -5.0)
    judge(world, judged)
    assert held(world, sharing).why[0] == "learned-file"
    assert held(world, picture).disposition is NONE


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("docs.google.com", "/forms/survey"),
        ("www.paypal.com", "/activity"),
        ("bit.ly", "/offer"),
        ("click.list-manage.com", "/track/click"),
        ("portal.supplier-check.example", "/"),
        ("lists.project.example", "/mailman/listinfo/users"),
        ("shop.example", "/newsletter/unsubscribe"),
    ],
)
def test_what_honest_mail_leads_to_as_well_converts_nothing(world, host, path):
    judged, other = plant(world, linked(1, host, path), 0.5), plant(world, linked(2, host, path), -5.0)
    judge(world, judged)
    assert held(world, other).disposition is NONE


def test_a_link_that_the_attack_borrowed_does_not_convert_its_owners_mail(world):
    borrowed = linked(1, "www.bank.example", "/news/today")
    honest = linked(2, "www.bank.example", "/news/today", from_=(Address("", "post@bank.example"),))
    honest = replace(honest, authentication=Authentication(aligned=True))
    forged = replace(honest, authentication=Authentication(aligned=False))
    judge(world, plant(world, borrowed, 0.5))
    assert held(world, plant(world, honest, -5.0)).disposition is NONE
    judge(world, plant(world, replace(forged, subject="Forged"), 0.5))
    assert held(world, plant(world, replace(honest, subject="Second letter"), -5.0)).disposition is NONE


def test_a_link_that_honest_mail_was_seen_with_teaches_nothing(world):
    honest, judged, other = (plant(world, linked(number), -1.5) for number in (1, 2, 3))
    judge(world, honest, NONE)
    judge(world, judged)
    assert held(world, other).disposition is NONE


def test_a_copy_the_network_is_sure_of_is_converted_through_a_converted_sibling_with_its_link(world):
    """Of one campaign and leading where a converted copy leads: likeness and the link together."""
    first, second, third = (variant(seed) for seed in (0, 1, 2))
    third = replace(third, links=second.links)
    judged, similar, sure = plant(world, first, 0.5), plant(world, second, -1.5), plant(world, third, -5.0)
    judge(world, judged)
    assert held(world, similar).why[0] == "learned-similar"
    assert held(world, sure).why[0] == "learned-link"


def leading(number: int, host: str) -> Facts:
    """A copy of the campaign with a page of its own on a site."""
    link = Link(f"https://{host}/page-{'abcdefgh'[number]}", host, ".".join(host.split(".")[-2:]), "a", "Open")
    return replace(variant(number), links=(link,))


def test_a_copy_that_leads_to_the_site_of_its_campaign_is_converted_although_the_network_is_rather_sure(world):
    host = "portal.supplier-check.example"
    judged, sure, elsewhere, certain = (
        plant(world, leading(number, where), base)
        for number, (where, base) in enumerate([(host, 0.5), (host, -6.0), ("other.example", -6.0), (host, -8.1)])
    )
    stranger = plant(world, replace(unrelated(7), links=leading(5, host).links), -6.0)
    label_id = judge(world, judged)
    assert held(world, sure).why[:2] == ("learned-host", f"label-{label_id}")
    assert [held(world, number).disposition for number in (elsewhere, certain, stranger)] == [NONE] * 3
    revoke(world.services, world.owner, label_id, "Wrong.")
    assert held(world, sure).disposition is NONE


def test_a_site_is_learned_from_copies_that_likeness_converts_and_unlearned_from_honest_ones(world):
    host = "portal.supplier-check.example"
    judge(world, plant(world, leading(0, "first.example"), 0.5))
    assert held(world, plant(world, leading(1, host), -6.0)).disposition is NONE  # nobody was seen there yet
    assert held(world, plant(world, leading(2, host), -1.0)).why[0] == "learned-similar"
    assert held(world, plant(world, leading(3, host), -6.0)).why[0] == "learned-host"
    judge(world, plant(world, leading(4, host), -1.0), NONE)
    assert held(world, plant(world, leading(5, host), -6.0)).disposition is NONE


def worded(first: int, last: int) -> Facts:
    return Facts(
        subject="Notice",
        text=" ".join(f"{'abcdefghij'[n // 10]}{'klmnopqrst'[n % 10]}word" for n in range(first, last)),
    )


def test_what_a_new_copy_draws_into_a_judged_campaign_is_decided_anew(world):
    """The one in the middle is like both; the ends are not like each other."""
    judged, other = plant(world, worded(0, 60), 0.5), plant(world, worded(40, 100), -1.5)
    judge(world, judged)
    assert held(world, other).disposition is NONE
    plant(world, worded(20, 80), -1.5)
    assert held(world, other).why[0] == "learned-similar"


@pytest.mark.parametrize("base", [-1.5, -6.0])
def test_a_mail_that_quotes_an_attack_and_an_honest_mail_does_not_make_the_honest_one_an_attack(world, base):
    """Anybody can send such a mail: it is like both, so that all three become one campaign."""
    where = leading(0, "newsletter.example").links
    attack, honest = plant(world, worded(0, 50), 0.5), plant(world, replace(worded(50, 100), links=where), base)
    judge(world, attack)
    plant(world, replace(worded(0, 100), links=where), 0.5)
    with world.services.database.read() as tx:
        together = campaigns.of_messages(tx, world.tenant_id, [attack, honest])
    assert together[attack] == together[honest]
    assert held(world, honest).disposition is NONE


def test_what_an_operator_merged_is_one_attack_however_little_alike(world):
    attack, other = plant(world, worded(0, 50), 0.5), plant(world, worded(50, 100), -1.5)
    plant(world, worded(0, 48), -1.5), plant(world, worded(52, 100), -3.0)  # a campaign has two
    judge(world, attack)
    with world.services.database.read() as tx:
        known = campaigns.of_messages(tx, world.tenant_id, [attack, other])
    merge(world.services, world.owner, known[other], known[attack])
    assert held(world, other).why[0] == "learned-similar"


def test_nobody_is_converted_whom_an_operator_judged_otherwise(world):
    first, second = plant(world, variant(0), -1.5), plant(world, variant(1), -1.5)
    judge(world, second, Disposition.SPAM)
    judge(world, first)
    assert held(world, second).disposition is Disposition.SPAM
    assert held(world, second).decided_by == f"operator:{world.owner.id}"


def test_a_message_most_like_an_honest_one_stays_honest(world):
    attack, honest = plant(world, variant(0), -1.5), plant(world, variant(1), -1.5)
    judge(world, honest, NONE)
    judge(world, attack)
    twin = replace(variant(1), subject=variant(1).subject + "!")
    assert held(world, plant(world, twin, -1.5)).disposition is NONE


def test_trusted_senders_and_exercises_are_never_converted(world):
    world.set_policy(senders={"trusted": ["partner.example"], "simulation_tokens": ["drill-7"]})
    trusted = replace(
        variant(1),
        from_=(Address("", "pay@partner.example"),),
        authentication=Authentication(dmarc="pass", aligned=True),
    )
    exercise = replace(variant(2), simulation_tokens=("drill-7",))
    numbers = [plant(world, facts, -1.5) for facts in (trusted, exercise)]
    judge(world, plant(world, variant(0), -1.5))
    assert [held(world, number).disposition for number in numbers] == [NONE, NONE]
    assert held(world, plant(world, trusted, -1.5)).disposition is NONE


def test_a_revoked_label_takes_back_what_it_converted(world):
    numbers = [plant(world, variant(seed), -1.5) for seed in range(5)]
    before = [held(world, number).disposition for number in numbers]
    label_id = judge(world, numbers[0])
    assert {held(world, number).disposition for number in numbers} == {MALICIOUS}

    revoke(world.services, world.owner, label_id, "It was the supplier after all.")

    assert [held(world, number).disposition for number in numbers] == before
    assert held(world, numbers[0]).decided_by == "policy"
    assert found(world, f"reason:label-{label_id}") == []
    assert held(world, plant(world, variant(9), -1.5)).disposition is NONE
    with world.services.database.read() as tx:
        kept = labels.get(tx, world.tenant_id, label_id)
        line = next(one for one in audit.newest(tx, world.tenant_id) if one.action != "decided")
    assert (kept.revoked_by, kept.revoked_why) == (f"operator:{world.owner.id}", "It was the supplier after all.")
    assert (line.action, line.detail["label"]) == ("label revoked", label_id)


def test_after_a_revocation_the_other_operators_word_stands(world):
    message = plant(world, variant(0), -1.5)
    first = world.operator(Role.ANALYST, "first")
    judge(world, message, NONE, first)
    label_id = judge(world, message, MALICIOUS)
    revoke(world.services, first, label_id, "A slip.")
    assert held(world, message).disposition is NONE
    assert held(world, message).decided_by == f"operator:{first.id}"


def test_a_revoked_label_no_longer_counts_in_the_reporters_record(world):
    message = plant(world, variant(0), 0.5, reporters=(ANA,))
    label_id = judge(world, message)
    reported_later = plant(world, unrelated(3), -3.0, reporters=(ANA, BEN))

    def confirmed() -> dict[int, int]:
        with world.services.database.read() as tx:
            tenant = tenants.get(tx, world.tenant_id)
            return {s.person_id: s.confirmed for s in reporter_shares(tx, tenant, reported_later)}

    assert confirmed() == {world.people[ANA].id: 1, world.people[BEN].id: 0}
    revoke(world.services, world.owner, label_id, "Wrong.")
    assert confirmed() == {world.people[ANA].id: 0, world.people[BEN].id: 0}


def test_a_revoked_label_leaves_the_licences_ledger(world):
    message = plant(world, variant(0), 0.5)
    label_id = judge(world, message, NONE)
    with world.services.database.read() as tx:
        assert psr_log.tally(tx, world.tenant_id) == (1, 1)
    revoke(world.services, world.owner, label_id, "Wrong.")
    with world.services.database.read() as tx:
        assert psr_log.tally(tx, world.tenant_id) == (0, 0)


def test_every_label_of_one_person_can_be_revoked_together(world):
    analyst = world.operator(Role.ANALYST, "mallory")
    numbers = [plant(world, unrelated(seed), -1.5) for seed in range(3)]
    for number in numbers:
        judge(world, number, MALICIOUS, analyst)
    judge(world, plant(world, variant(3), -1.5))
    assert revoke_all_of(world.services, world.owner, f"operator:{analyst.id}", "The account was taken over.") == 3
    assert {held(world, number).disposition for number in numbers} == {NONE}


def test_the_teams_word_is_a_label_and_converts(world):
    numbers = [plant(world, variant(seed), -1.5) for seed in range(3)]
    with world.services.database.begin() as tx:
        given_by = f"person:{world.people[BEN].id}"
        label_id = labels.give(tx, world.tenant_id, numbers[0], MALICIOUS, Source.TEAM, given_by, world.services.now())
    follow(world.services, label_id)
    assert [held(world, number).why[0] for number in numbers] == ["learned-same", "learned-similar", "learned-similar"]
    assert [looks_for(world, number) for number in numbers] == [["team"] * 3] * 3


def looks_for(world: World, message_id: int) -> list[str]:
    """On whose word copies of it will be looked for."""
    with world.services.database.read() as tx:
        return [look.source.value for look in later_looks.of_message(tx, world.tenant_id, message_id)]


def test_copies_of_what_a_label_converts_are_looked_for_as_well_and_once(world):
    judged, similar, linked_one = (
        plant(world, variant(0), -1.5),
        plant(world, variant(1), -1.5),
        plant(world, linked(1), -5.0),
    )
    other = plant(world, unrelated(5), -1.5)
    label_id = judge(world, judged)
    assert [looks_for(world, number) for number in (judged, similar)] == [["operator"] * 3] * 2
    judge(world, plant(world, linked(2), 0.5))
    follow(world.services, label_id)
    assert [len(looks_for(world, number)) for number in (judged, similar, linked_one, other)] == [3, 3, 3, 0]


def test_a_users_report_is_no_label(world):
    plant(world, variant(0), 0.5, kind=Kind.USER)
    with world.services.database.read() as tx:
        assert labels.newest(tx, world.tenant_id) == []


def test_what_a_dead_worker_left_is_found_by_sweep(world):
    first, second = plant(world, variant(0), -1.5), plant(world, variant(1), -1.5)
    with world.services.database.begin() as tx:
        labels.give(tx, world.tenant_id, first, MALICIOUS, Source.OPERATOR, "operator:1", world.services.now())
    assert held(world, second).disposition is NONE
    sweep(world.services)
    assert held(world, second).disposition is MALICIOUS
    with world.services.database.read() as tx:
        assert labels.to_follow(tx) == []


def test_following_a_label_twice_is_harmless(world):
    first, second = plant(world, variant(0), -1.5), plant(world, variant(1), -1.5)
    label_id = judge(world, first)
    before = held(world, second)
    follow(world.services, label_id)
    assert held(world, second) == before


@pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER])
def test_who_may_not_judge_may_not_revoke(world, role):
    label_id = judge(world, plant(world, variant(0), 0.5))
    with pytest.raises(NotAllowed):
        revoke(world.services, world.operator(role), label_id, "No.")


def test_another_tenants_label_is_not_there_and_teaches_nothing(world):
    other = seed_tenant(world.services, "other")
    label_id = judge(world, plant(world, variant(0), -1.5))
    with pytest.raises(Unknown):
        revoke(world.services, other.owner, label_id, "Mine now.")
    assert held(other, plant(other, variant(1), -1.5)).disposition is NONE


def test_a_revocation_needs_a_reason_and_happens_once(world):
    label_id = judge(world, plant(world, variant(0), 0.5))
    with pytest.raises(BadInput):
        revoke(world.services, world.owner, label_id, "  ")
    revoke(world.services, world.owner, label_id, "Wrong.")
    with pytest.raises(Conflict):
        revoke(world.services, world.owner, label_id, "Wrong.")
