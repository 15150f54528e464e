"""People: who lives in the demo, and how good are they at telling a phish?"""

from dataclasses import dataclass

DOMAIN = "example.org"
TENANT_SLUG = "demo"
OPERATOR = "demo"


@dataclass(frozen=True)
class DemoPerson:
    """One person of the demo. `right` of `judged` reports in the seeded history were right."""

    key: str
    name: str
    right: int
    judged: int
    mailbox: bool = True

    @property
    def address(self) -> str:
        """The mail address, which is also the mailbox."""
        return f"{self.key}@{DOMAIN}"


PEOPLE = (
    DemoPerson("ana", "Ana Lindqvist", right=19, judged=20),
    DemoPerson("ben", "Ben Okafor", right=0, judged=0),
    DemoPerson("chloe", "Chloé Martin", right=0, judged=18),
    # Two colleagues who have left: their reports are most of the history, their mailboxes are gone.
    DemoPerson("dora", "Dora Weiss", right=22, judged=22, mailbox=False),
    DemoPerson("emil", "Emil Novak", right=22, judged=22, mailbox=False),
)
MAILBOXES = tuple(person for person in PEOPLE if person.mailbox)
