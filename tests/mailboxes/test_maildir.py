"""Maildir: is the contract kept, by files that other programs change as well?"""

from pathlib import Path

import pytest

from mailboxes.contract import MailboxesContract
from mailboxes.worlds import MaildirWorld


@pytest.fixture
def world(tmp_path: Path) -> MaildirWorld:
    return MaildirWorld(tmp_path / "mail")


class TestMaildir(MailboxesContract):
    """The contract itself."""
