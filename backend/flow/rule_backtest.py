"""Rule back-test: which stored messages would a rule have hit, and what do they stand as? Nothing is touched."""

from collections import Counter
from datetime import timedelta

import structlog

from backend.domain.own_rule import RuleTest, RunState
from backend.flow.claim import lease
from backend.services import Services
from backend.store import decisions, own_rules
from model.contract import OwnRule
from model.modules.own_rules import STOPPED, matches
from model.modules.reading import known, rendering

MOST_MESSAGES = 2_000  # the newest
MOST_EXAMPLES = 20
MOST_STOPPED = 3  # scans that took too long, after which the rule is too slow to act
LONGEST = timedelta(hours=1)
_TOGETHER = 100
NOT_DECIDED = "undecided"

log = structlog.get_logger()


def run_rule_test(services: Services, test_id: int) -> None:
    """Run one back-test to its end, from where it was left. Safe to run twice, or by two workers at once."""
    with services.database.begin() as tx:
        test = own_rules.claim_test(tx, test_id, services.now(), lease(services))
        version = own_rules.version(tx, test.tenant_id, test.version_id) if test else None
    if test is None or version is None:
        return

    rule = OwnRule("", version.source, "", version.says)
    state, cause = _look_at_all(services, test, rule)
    with services.database.begin() as tx:
        own_rules.finish_test(tx, test, state, cause, services.now())
    log.info("rule back-tested", test=test.id, rule=version.rule_id, version=version.number, state=state)


def _look_at_all(services: Services, test: RuleTest, rule: OwnRule) -> tuple[RunState, str]:
    hits, examples = Counter(test.hits), list(test.examples)
    looked_at, stopped, below = test.looked_at, test.stopped, test.below
    while looked_at < test.total:
        if services.now() - test.asked_at > LONGEST:
            return RunState.FAILED, "too-long"
        with services.database.read() as tx:
            page = own_rules.mail_below(tx, test.tenant_id, below, min(_TOGETHER, test.total - looked_at))
            stand = decisions.dispositions_of(tx, test.tenant_id, [number for number, _ in page])
        if not page:
            break
        for number, facts in page:
            try:
                hit = bool(matches((rule,), rendering(facts), known(facts)))
            except STOPPED:
                hit, stopped = False, stopped + 1
                if stopped > MOST_STOPPED:
                    return RunState.FAILED, "too-slow"
            if hit:
                hits[str(stand.get(number, NOT_DECIDED))] += 1
                examples = [*examples, number][:MOST_EXAMPLES]
        looked_at, below = looked_at + len(page), page[-1][0]
        found = {"looked_at": looked_at, "below": below, "hits": dict(hits), "examples": examples, "stopped": stopped}
        with services.database.begin() as tx:
            if not own_rules.note_progress(tx, test, services.now() + lease(services), **found):
                return RunState.FAILED, ""  # somebody else has it, and this is not kept
    return RunState.FINISHED, ""
