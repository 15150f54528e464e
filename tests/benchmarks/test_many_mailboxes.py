"""How long does a retraction over 1,000 mailboxes take, beside bare renames of as many files?"""

from pathlib import Path

from builders import make_services, seed_tenant
from mails import note, phish
from measure import seconds, show

from backend.flow.intake import intake
from backend.flow.respond import order_restore
from backend.store import copies, retractions, submissions

MAILBOXES = 1_000
WITH_A_COPY = 300
OTHERS = 20  # further mails in each mailbox


def test_a_retraction_over_a_thousand_mailboxes(tmp_path: Path):
    addresses = [f"person{number:04}@example.org" for number in range(MAILBOXES)]
    world = seed_tenant(make_services(tmp_path), addresses=addresses)
    world.set_policy(psr={"switch": "on", "max_automatic": MAILBOXES})
    world.judge_right(addresses[0], 20)
    world.services.predictor()
    first = None
    for number, address in enumerate(addresses):
        for other in range(OTHERS):
            world.deliver(address, note(address, f"<note-{other}@example.org>", str(other)), flags="S")
        if number < WITH_A_COPY:
            copy = world.deliver(address, phish(address))
            first = first or copy

    report = world.report(addresses[0], first)
    took = seconds(lambda: intake(world.services, report))
    with world.services.database.read() as tx:
        submission = submissions.own(tx, world.tenant_id, world.people[addresses[0]].id)[0]
        (retraction,) = retractions.of_message(tx, world.tenant_id, submission.message_id)
        journal = copies.of_retraction(tx, world.tenant_id, retraction.id)
    back = seconds(lambda: order_restore(world.services, world.owner, retraction.id))
    bare = seconds(lambda: _rename(tmp_path / "bare", WITH_A_COPY))

    show(
        f"Retraction over {MAILBOXES:,} Maildirs of {OTHERS} mails, {WITH_A_COPY} with a copy",
        {
            "report -> proof of zero copies": f"{took:.1f} s ({retraction.state})",
            "undo": f"{back:.1f} s",
            f"beside: {WITH_A_COPY} bare renames": f"{bare * 1000:.0f} ms",
        },
    )
    assert [entry.outcome for entry in journal] == ["retracted"] * WITH_A_COPY


def _rename(folder: Path, number: int) -> None:
    folder.mkdir()
    for name in range(number):
        (folder / str(name)).write_bytes(b"x")
    for name in range(number):
        (folder / str(name)).rename(folder / f"{name}.moved")
