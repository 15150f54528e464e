"""The contract of `connectors.contract`, asked of every connector."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Protocol
from uuid import uuid4

import pytest

from connectors.contract import Action, Copy, Mailboxes, Outcome, OutgoingMail, Searched, Wanted
from connectors.errors import NoMailbox, NotFound
from connectors.likeness import Like

ANA = "ana@example.org"
BEN = "ben@example.org"
SENT_AT = datetime(2026, 3, 2, 9, 30, 15)


@dataclass(frozen=True, order=True)
class Sight:
    """One mail as its owner sees it: folder, marks (read, flagged, labels) and the bytes."""

    folder: str
    marks: tuple[str, ...]
    raw: bytes


class World(Protocol):
    """What a connector's tests provide: its mailboxes, and the hands and eyes of their owners.

    `folders` are names a mail can be delivered into, the inbox first. Mailboxes of ANA and BEN exist and are empty.
    """

    mailboxes: Mailboxes
    actions: Sequence[Action]  # what this provider can do
    folders: Sequence[str]

    def deliver(self, address: str, raw: bytes, folder: str = "", read: bool = False) -> Copy: ...
    def arrives(self, copy: Copy, at: datetime) -> None: ...  # when it came, in UTC without a zone
    def look(self, address: str) -> list[Sight]: ...  # sorted; every mail that the owner's mail program shows
    def hidden_folder(self, action: Action) -> str: ...  # where the owner may still see a copy after `action`, or ""
    def owner_reads(self, copy: Copy) -> None: ...
    def owner_moves(self, copy: Copy, folder: str) -> None: ...
    def owner_deletes(self, copy: Copy) -> None: ...
    def provider_purges(self, copy: Copy) -> None: ...  # deletes a retracted copy for good


def mail(message_id: str = "<1@phish.example>", body: str = "Please verify your account.", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = headers.get("sender", "Billing <billing@phish.example>")
    message["To"] = "people@example.org"
    message["Subject"] = headers.get("subject", "Your invoice")
    message["Date"] = headers.get("date", "Mon, 02 Mar 2026 10:30:15 +0100")
    if message_id:
        message["Message-ID"] = message_id
    message.set_content(body)
    return message.as_bytes()


def wanted(message_id: str = "<1@phish.example>") -> Wanted:
    return Wanted(message_id, "billing@phish.example", SENT_AT)


NOON = datetime(2026, 3, 10, 12)


def like(sender: str = "", subject: str = "", hours: int = 24, most: int = 10) -> Like:
    """What came in so many hours before NOON."""
    return Like(sender, subject, NOON - timedelta(hours=hours), NOON, most)


def ids(seen: Searched) -> list[str]:
    return [copy.id for copy in seen.copies]


REVERSIBLE = (Action.JUNK, Action.TRASH, Action.SOFT_DELETE)


class MailboxesContract:
    """Subclass it and give a `world` fixture."""

    @pytest.fixture(params=REVERSIBLE)
    def reversible(self, request: pytest.FixtureRequest, world: World) -> Action:
        if request.param not in world.actions:
            pytest.skip(f"{world.mailboxes.provider} has no {request.param}")
        return request.param

    # --- finding

    def test_every_mailbox_is_listed(self, world: World) -> None:
        assert {ANA, BEN} <= set(world.mailboxes.list_mailboxes())

    def test_a_delivered_copy_is_found_in_its_mailbox_only(self, world: World) -> None:
        copy = world.deliver(ANA, mail())
        assert [found.id for found in world.mailboxes.find(ANA, wanted())] == [copy.id]
        assert world.mailboxes.find(BEN, wanted()) == []

    def test_other_messages_are_not_found(self, world: World) -> None:
        world.deliver(ANA, mail("<2@phish.example>"))
        assert world.mailboxes.find(ANA, wanted()) == []

    def test_copies_in_every_folder_are_found(self, world: World) -> None:
        copies = {world.deliver(ANA, mail(), folder).id for folder in world.folders}
        assert len(copies) == len(world.folders) > 1
        assert {found.id for found in world.mailboxes.find(ANA, wanted())} == copies

    def test_a_message_without_an_id_is_found_by_sender_and_time(self, world: World) -> None:
        copy = world.deliver(ANA, mail(""))
        world.deliver(ANA, mail("", date="Tue, 03 Mar 2026 10:30:15 +0100"))
        world.deliver(ANA, mail("", sender="other@example.net"))
        assert [found.id for found in world.mailboxes.find(ANA, wanted(""))] == [copy.id]

    def test_recipients_hold_what_a_search_finds_with_them(self, world: World) -> None:
        for address in (ANA, BEN):
            world.deliver(address, mail())
        of_recipients = {one.mailbox: one.copies for one in world.mailboxes.search_recipients(wanted())}
        found = {one.mailbox: one.copies for one in world.mailboxes.search(wanted())}
        assert {address: len(found[address]) for address in (ANA, BEN)} == {ANA: 1, BEN: 1}
        assert of_recipients == {address: found[address] for address in of_recipients}

    def test_an_unknown_mailbox_is_named_as_such(self, world: World) -> None:
        with pytest.raises(NoMailbox):
            world.mailboxes.find("nobody@example.org", wanted())

    # --- looking for what nobody can name

    def arrived(self, world: World, address: str = ANA, hours: float = 1, folder: str = "", **headers: str) -> Copy:
        """A mail that came so many hours before NOON."""
        copy = world.deliver(address, mail(f"<{uuid4()}@phish.example>", **headers), folder)
        world.arrives(copy, NOON - timedelta(hours=hours))
        return copy

    def test_looking_finds_what_is_from_the_sender_and_came_in_time_newest_first(self, world: World) -> None:
        old = self.arrived(world, hours=30)
        newer, newest = self.arrived(world, hours=3), self.arrived(world, hours=2)
        self.arrived(world, hours=1, sender="other@example.net")
        self.arrived(world, hours=-1)
        assert ids(world.mailboxes.look(ANA, like(sender="Billing@Phish.example"))) == [newest.id, newer.id]
        assert ids(world.mailboxes.look(ANA, like(sender="billing@phish.example", hours=40)))[-1] == old.id
        assert ids(world.mailboxes.look(BEN, like(sender="billing@phish.example"))) == []

    def test_looking_finds_what_has_all_the_words_in_its_subject(self, world: World) -> None:
        plain = self.arrived(world, subject="Overdue: your invoice 77")
        encoded = self.arrived(world, hours=2, subject="\u00dcberf\u00e4llige Rechnung, invoice 78")
        self.arrived(world, subject="Lunch on Friday")
        assert ids(world.mailboxes.look(ANA, like(subject="INVOICE"))) == [plain.id, encoded.id]
        assert ids(world.mailboxes.look(ANA, like(subject="invoice 77 overdue"))) == [plain.id]
        assert ids(world.mailboxes.look(ANA, like(subject="\u00fcberf\u00e4llige"))) == [encoded.id]
        both = like(sender="billing@phish.example", subject="invoice 78")
        assert ids(world.mailboxes.look(ANA, both)) == [encoded.id]

    @pytest.mark.parametrize(
        "hostile", ['" OR subject:"lunch', "invoice OR lunch", "{invoice lunch} -x", "x' or 1 eq 1"]
    )
    def test_looking_takes_words_for_words(self, world: World, hostile: str) -> None:
        self.arrived(world, subject="Your invoice")
        self.arrived(world, subject="Lunch on Friday")
        assert ids(world.mailboxes.look(ANA, like(subject=hostile))) == []
        assert ids(world.mailboxes.look(ANA, like(sender="billing@phish.example", subject=hostile))) == []

    def test_looking_finds_in_every_folder_and_says_where(self, world: World) -> None:
        copies = {self.arrived(world, folder=folder).id for folder in world.folders}
        seen = world.mailboxes.look(ANA, like(subject="invoice"))
        assert set(ids(seen)) == copies
        places = {copy.place for copy in seen.copies}
        assert len(places) >= len(world.folders) - 1
        assert not [place for place in places if place.startswith("AQMk")]

    def test_looking_ends_at_what_is_wanted_and_says_that_there_is_more(self, world: World) -> None:
        copies = [self.arrived(world, hours=hours) for hours in (1, 2, 3)]
        for more in ({"sender": "billing@phish.example"}, {"subject": "invoice"}):
            seen = world.mailboxes.look(ANA, like(most=2, **more))
            assert (ids(seen), seen.cut) == ([copy.id for copy in copies[:2]], True)
            seen = world.mailboxes.look(ANA, like(most=3, **more))
            assert (ids(seen), seen.cut) == ([copy.id for copy in copies], False)

    def test_looking_leaves_out_what_was_retracted(self, world: World, reversible: Action) -> None:
        copy, other = self.arrived(world), self.arrived(world, hours=2)
        world.mailboxes.retract(copy, reversible)
        for more in ({"sender": "billing@phish.example"}, {"subject": "invoice"}):
            assert ids(world.mailboxes.look(ANA, like(**more))) == [other.id]

    def test_looking_everywhere_answers_for_every_mailbox(self, world: World) -> None:
        copies = {self.arrived(world, address).id for address in (ANA, BEN)}
        seen = list(world.mailboxes.look_everywhere(like(subject="invoice")))
        assert {one.mailbox for one in seen} >= {ANA, BEN}
        assert {found for one in seen for found in ids(one)} == copies
        assert [one.error for one in seen if one.error] == []

    def test_looking_into_an_unknown_mailbox_is_refused(self, world: World) -> None:
        with pytest.raises(NoMailbox):
            world.mailboxes.look("nobody@example.org", like(subject="invoice"))

    # --- what is new

    def new(
        self, world: World, hours: float = 24, known: Sequence[str] = (), most: int = 10, of: str = ANA
    ) -> list[str]:
        """The ids of what came in so many hours before NOON."""
        return [one.id for one in world.mailboxes.arrived(of, NOON - timedelta(hours=hours), set(known), most)]

    def test_what_came_into_the_inbox_since_is_told_the_oldest_first(self, world: World) -> None:
        self.arrived(world, hours=30)
        last, first = self.arrived(world, hours=1), self.arrived(world, hours=3)
        told = world.mailboxes.arrived(ANA, NOON - timedelta(hours=24), set(), 10)
        hours = [timedelta(hours=3), timedelta(hours=1)]
        assert [(one.id, one.at) for one in told] == [
            (copy.id, NOON - before) for copy, before in zip((first, last), hours, strict=True)
        ]
        assert self.new(world, of=BEN) == []

    def test_what_came_at_that_very_moment_is_new(self, world: World) -> None:
        copies = {self.arrived(world, hours=24).id for _ in range(3)}
        assert set(self.new(world)) == copies

    def test_only_the_inbox_is_told_of_until_its_owner_moves_a_mail_there(self, world: World) -> None:
        copies = [self.arrived(world, folder=folder) for folder in world.folders]
        assert self.new(world) == [copies[0].id]
        world.owner_moves(copies[1], "")
        assert set(self.new(world)) == {copies[0].id, copies[1].id}

    def test_what_is_known_is_left_out_and_takes_no_place(self, world: World) -> None:
        copies = [self.arrived(world, hours=2).id for _ in range(5)]
        known: list[str] = []
        for _ in copies:
            known += self.new(world, known=known, most=1)
        assert sorted(known) == sorted(copies)
        assert self.new(world, known=known, most=1) == []

    def test_of_many_the_oldest_are_told(self, world: World) -> None:
        copies = [self.arrived(world, hours=hours).id for hours in (1, 2, 3, 4)]
        assert self.new(world, most=2) == [copies[3], copies[2]]

    def test_telling_what_is_new_changes_nothing_and_what_is_told_can_be_fetched(self, world: World) -> None:
        copy = world.deliver(ANA, mail())
        world.arrives(copy, NOON)
        before = world.look(ANA)
        (told,) = self.new(world)
        assert world.mailboxes.fetch(ANA, told) == mail()
        assert world.look(ANA) == before

    def test_what_was_retracted_is_not_new(self, world: World, reversible: Action) -> None:
        copy, other = self.arrived(world), self.arrived(world)
        world.mailboxes.retract(copy, reversible)
        assert self.new(world) == [other.id]

    def test_what_is_new_in_an_unknown_mailbox_is_refused(self, world: World) -> None:
        with pytest.raises(NoMailbox):
            world.mailboxes.arrived("nobody@example.org", NOON, set(), 1)

    # --- fetching

    def test_fetching_gives_the_bytes(self, world: World) -> None:
        copy = world.deliver(ANA, mail())
        assert world.mailboxes.fetch(ANA, copy.id) == mail()

    def test_nobody_fetches_from_a_mailbox_that_is_not_theirs(self, world: World) -> None:
        copy = world.deliver(ANA, mail())
        with pytest.raises(NotFound):
            world.mailboxes.fetch(BEN, copy.id)

    def test_fetching_from_an_unknown_mailbox_is_refused(self, world: World) -> None:
        with pytest.raises(NoMailbox):
            world.mailboxes.fetch("nobody@example.org", "1")

    # --- retracting

    def test_retracting_hides_the_copy(self, world: World, reversible: Action) -> None:
        copy = world.deliver(ANA, mail())
        receipt = world.mailboxes.retract(copy, reversible)
        assert receipt.outcome is Outcome.RETRACTED
        assert receipt.held
        assert world.mailboxes.find(ANA, wanted()) == []
        assert {sight.folder for sight in world.look(ANA)} <= {world.hidden_folder(reversible)} - {""}

    def test_retracting_touches_no_other_mail(self, world: World, reversible: Action) -> None:
        world.deliver(ANA, mail("<2@phish.example>"), read=True)
        world.deliver(BEN, mail())
        before = world.look(ANA), world.look(BEN)
        world.mailboxes.retract(world.deliver(ANA, mail()), reversible)
        hidden = world.hidden_folder(reversible)
        assert ([sight for sight in world.look(ANA) if sight.folder != hidden], world.look(BEN)) == before

    def test_retracting_twice_is_harmless(self, world: World, reversible: Action) -> None:
        copy = world.deliver(ANA, mail())
        first = world.mailboxes.retract(copy, reversible)
        after = world.look(ANA)
        second = world.mailboxes.retract(copy, reversible)
        assert (second.outcome, second.held) == (Outcome.ALREADY_GONE, first.held)
        assert world.look(ANA) == after

    def test_a_copy_that_its_owner_deleted_is_gone_and_not_ours(self, world: World, reversible: Action) -> None:
        copy = world.deliver(ANA, mail())
        world.owner_deletes(copy)
        receipt = world.mailboxes.retract(copy, reversible)
        assert (receipt.outcome, receipt.held) == (Outcome.ALREADY_GONE, "")

    def test_each_of_two_copies_in_one_mailbox_is_retracted(self, world: World, reversible: Action) -> None:
        for folder in world.folders[:2]:
            world.deliver(ANA, mail(), folder)
        before = world.look(ANA)
        copies = world.mailboxes.find(ANA, wanted())
        receipts = [world.mailboxes.retract(copy, reversible) for copy in copies]
        assert world.mailboxes.find(ANA, wanted()) == []
        for copy, receipt in zip(copies, receipts, strict=True):
            world.mailboxes.restore(copy, receipt.held)
        assert world.look(ANA) == before

    def test_hard_delete_cannot_be_undone(self, world: World) -> None:
        if Action.HARD_DELETE not in world.actions:
            pytest.skip(f"{world.mailboxes.provider} has no hard delete")
        copy = world.deliver(ANA, mail())
        receipt = world.mailboxes.retract(copy, Action.HARD_DELETE)
        assert (receipt.outcome, receipt.held) == (Outcome.RETRACTED, "")
        assert world.look(ANA) == []
        assert world.mailboxes.retract(copy, Action.HARD_DELETE).outcome is Outcome.ALREADY_GONE
        assert world.mailboxes.restore(copy, "").outcome is Outcome.EXPIRED
        assert world.mailboxes.restorable_for(Action.HARD_DELETE) == timedelta(0)

    # --- restoring

    @pytest.mark.parametrize("read", [True, False])
    def test_restoring_is_exact(self, world: World, reversible: Action, read: bool) -> None:
        for folder in world.folders:
            copy = world.deliver(ANA, mail(), folder, read)
            before = world.look(ANA)
            receipt = world.mailboxes.retract(copy, reversible)
            assert world.mailboxes.restore(copy, receipt.held).outcome is Outcome.RESTORED
            assert world.look(ANA) == before

    def test_a_restored_copy_can_be_found_and_retracted_again(self, world: World, reversible: Action) -> None:
        copy = world.deliver(ANA, mail())
        for _ in range(2):
            (found,) = world.mailboxes.find(ANA, wanted())
            receipt = world.mailboxes.retract(found, reversible)
            assert receipt.outcome is Outcome.RETRACTED
            assert world.mailboxes.find(ANA, wanted()) == []
            world.mailboxes.restore(found, receipt.held)
        assert [found.id for found in world.mailboxes.find(ANA, wanted())] == [copy.id]

    def test_restoring_twice_is_harmless(self, world: World, reversible: Action) -> None:
        copy = world.deliver(ANA, mail())
        before = world.look(ANA)
        receipt = world.mailboxes.retract(copy, reversible)
        outcomes = [world.mailboxes.restore(copy, receipt.held).outcome for _ in range(2)]
        assert outcomes == [Outcome.RESTORED, Outcome.RESTORED]
        assert world.look(ANA) == before

    def test_what_the_provider_purged_is_expired(self, world: World, reversible: Action) -> None:
        copy = world.deliver(ANA, mail())
        receipt = world.mailboxes.retract(copy, reversible)
        world.provider_purges(copy)
        assert world.mailboxes.restore(copy, receipt.held).outcome is Outcome.EXPIRED
        assert world.look(ANA) == []

    def test_a_lost_journal_entry_loses_no_copy(self, world: World, reversible: Action) -> None:
        copy = world.deliver(ANA, mail())
        before = world.look(ANA)
        world.mailboxes.retract(copy, reversible)  # and the process dies before it writes the receipt down
        again = world.mailboxes.retract(copy, reversible)
        assert world.mailboxes.restore(copy, again.held).outcome is Outcome.RESTORED
        assert world.look(ANA) == before

    def test_one_person_s_copy_is_not_restored_into_another_s_mailbox(self, world: World, reversible: Action) -> None:
        copy = world.deliver(ANA, mail())
        receipt = world.mailboxes.retract(copy, reversible)
        stolen = world.mailboxes.restore(replace(copy, mailbox=BEN), receipt.held)
        assert stolen.outcome is Outcome.EXPIRED
        assert world.look(BEN) == []

    def test_reversible_actions_say_for_how_long(self, world: World, reversible: Action) -> None:
        assert world.mailboxes.restorable_for(reversible) > timedelta(0)

    # --- with the owner at work at the same time

    def test_a_copy_that_its_owner_moved_is_found_again_by_its_id(self, world: World, reversible: Action) -> None:
        (found,) = [world.deliver(ANA, mail())]
        world.owner_moves(found, world.folders[1])
        before = world.look(ANA)
        receipt = world.mailboxes.retract(found, reversible)
        assert receipt.outcome is Outcome.RETRACTED
        assert world.mailboxes.find(ANA, wanted()) == []
        world.mailboxes.restore(found, receipt.held)
        assert world.look(ANA) == before

    def test_a_copy_read_since_it_was_found_comes_back_read(self, world: World, reversible: Action) -> None:
        copy = world.deliver(ANA, mail())
        world.owner_reads(copy)
        before = world.look(ANA)
        receipt = world.mailboxes.retract(copy, reversible)
        world.mailboxes.restore(copy, receipt.held)
        assert world.look(ANA) == before

    # --- answering

    def test_an_answer_arrives_once(self, world: World) -> None:
        answer = OutgoingMail(ANA, "Thank you for your report", "It was malicious.\n", "answer-81")
        world.mailboxes.send(answer)
        world.mailboxes.send(answer)
        (sight,) = world.look(ANA)
        assert b"Thank you for your report" in sight.raw
        assert b"It was malicious." in sight.raw

    def test_two_answers_are_two_mails(self, world: World) -> None:
        for key in ("answer-81", "answer-82"):
            world.mailboxes.send(OutgoingMail(ANA, "Thank you", "It was malicious.\n", key))
        assert len(world.look(ANA)) == 2

    def test_an_answer_to_nobody_is_refused(self, world: World) -> None:
        with pytest.raises(NoMailbox):
            world.mailboxes.send(OutgoingMail("nobody@example.org", "Thank you", "text", "k"))
