"""Gmail: is the contract kept, by labels that their owners change as well?"""

import pytest

from mailboxes.contract import MailboxesContract
from mailboxes.gmail_world import GmailWorld


@pytest.fixture
def world(gmail: GmailWorld) -> GmailWorld:
    return gmail


class TestGmail(MailboxesContract):
    """The contract itself."""
