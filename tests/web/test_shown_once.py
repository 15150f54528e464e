"""What is shown once stands in one answer: in no cookie, which anybody can read, and on no page after it."""

import re

import pytest
from browser import words_of
from routes import ACTIONS, SHOWN_ONCE

from backend.domain.people import Role

SAID = re.compile(r"(?:The token|The private key|Their password|Its signing secret) is (\S+?)\.? ")


@pytest.mark.parametrize("address", sorted(SHOWN_ONCE))
def test_what_is_shown_once_is_in_the_answer_and_nowhere_else(owner, world, address):
    fields = next(fields for path, _, fields in ACTIONS if path == address)
    page = "/settings/simulations" if "simulations" in address else "/" + "/".join(address.split("/")[1:3])
    address = address.format(operator=world.operator(Role.VIEWER, "vera").id)

    answer = owner.post(address, seen_on=page, **fields)

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    secret = SAID.search(words_of(answer.text))[1]
    assert len(secret) > 15
    with owner.client.session_transaction() as session:
        assert secret not in str(dict(session))
    assert secret not in owner.page(page)
