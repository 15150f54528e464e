"""Mailboxes: one contract, asked of every connector."""

import pytest

pytest.register_assert_rewrite("mailboxes.contract")  # its assertions explain themselves like those of a test file
