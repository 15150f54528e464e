"""Outlook: is the contract kept, through the real msal and our client, by a Graph that bites?"""

import pytest

from mailboxes.contract import MailboxesContract
from mailboxes.outlook_world import OutlookWorld


@pytest.fixture
def world(outlook: OutlookWorld) -> OutlookWorld:
    return outlook


class TestOutlook(MailboxesContract):
    """The contract itself."""
