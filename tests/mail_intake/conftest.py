"""Fixtures of the tests of mail intake."""

from collections.abc import Iterator

import pytest
from running import Running, receiving


@pytest.fixture
def receiver(tmp_path) -> Iterator[Running]:
    """A receiver as it comes, for the tenant acme."""
    with receiving(tmp_path) as running:
        yield running
