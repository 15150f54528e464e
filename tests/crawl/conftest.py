"""Fixtures of the tests that follow links."""

from collections.abc import Iterator

import pytest
from crawled_site import Site
from crawled_site import site as running


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as site:
        yield site
