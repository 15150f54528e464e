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
        (
            {"intake": {"mailboxes": {"contoso.com": "user+malicious"}}},
            "intake.mailboxes: .*'contoso.com' is no address",
        ),
        (
            {"intake": {"mailboxes": {"soc@contoso.com": "team+phish"}}},
            r"'team\+phish' of soc@contoso.com means nothing",
        ),
        ({"intake": {"mailboxes": {"soc@contoso.com": "spam"}}}, r"say \{user\|team\}\+\{malicious\|"),
        ({"intake": {"mailboxes": {"soc@contoso.com": "team+spoof+x"}}}, "means nothing"),
        ({"intake": {"mailboxes": {"soc@contoso.com": None}}}, "intake.mailboxes"),
        ({"intake": {"mailboxes": ["soc@contoso.com"]}}, "intake.mailboxes"),
        ({"intake": {"mailboxes": {f"{n}@contoso.com": "user+spam" for n in range(21)}}}, "at most 20"),
    ],
)
def test_a_wrong_choice_is_refused_by_its_name(own, named):
    with pytest.raises(BadInput, match=named):
        tenant_policy(own)


def test_hard_delete_does_nothing_until_it_is_confirmed():
    own = {"actions": {"MALICIOUS": "hard-delete"}}
    assert tenant_policy(own).action_for(Disposition.MALICIOUS) == "no-action"
    assert tenant_policy({**own, "hard_delete_confirmed": True}).action_for(Disposition.MALICIOUS) == "hard-delete"


def test_mailboxes_that_are_read_are_kept_in_one_spelling():
    policy = tenant_policy({"intake": {"mailboxes": {" Phish@Contoso.com": "User+MALICIOUS"}}})
    assert policy.intake.mailboxes == {"phish@contoso.com": "user+malicious"}
