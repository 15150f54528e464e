"""A tenant's policy: the defaults with its own choices on top, and a sentence for a wrong one."""

import pytest

from backend.domain.disposition import Disposition
from backend.errors import BadInput
from backend.policy.settings import tenant_policy


def test_own_choices_win_and_the_rest_stays_default():
    policy = tenant_policy({"psr": {"max_automatic": 7}})
    assert (policy.psr.max_automatic, policy.psr.max_single_approval) == (7, 5000)


@pytest.mark.parametrize(
    ("own", "named"),
    [
        ({"psr": {"switch": "maybe"}}, "psr.switch"),
        ({"psr": 3}, "psr"),
        ({"actions": {"MALICIOUS": "burn"}}, "actions"),
        ({"actions": {"EVIL": "trash"}}, "actions"),
        ({"thresholds": {"target": 2}}, "thresholds.target"),
        ({"unknown": {}}, "unknown"),
    ],
)
def test_a_wrong_choice_is_refused_by_its_name(own, named):
    with pytest.raises(BadInput, match=named):
        tenant_policy(own)


def test_hard_delete_does_nothing_until_it_is_confirmed():
    own = {"actions": {"MALICIOUS": "hard-delete"}}
    assert tenant_policy(own).action_for(Disposition.MALICIOUS) == "no-action"
    assert tenant_policy({**own, "hard_delete_confirmed": True}).action_for(Disposition.MALICIOUS) == "hard-delete"
