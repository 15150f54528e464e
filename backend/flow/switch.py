"""Switch: may Phish Submission Response be turned on, who turned it, and what turns it back?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.domain.people import SYSTEM, Actor, Operator, Right
from backend.errors import BadInput, Conflict, NotAllowed, Unknown
from backend.flow.backtest import policy_mark
from backend.flow.context import list_context
from backend.policy.licence import Licence
from backend.policy.licence import licence as licence_of
from backend.policy.settings import NO_ACTION, is_address
from backend.services import Services
from backend.store import alarms, audit, backtests, psr_log, tenants
from backend.store.backtests import Backtest
from backend.store.tenants import Tenant

PSR_FELL_BACK = "psr-fell-back"

log = structlog.get_logger()


def licence(tx: Connection, tenant: Tenant) -> Licence:
    """What the tenant's own judged would-be retractions have earned."""
    return licence_of(*psr_log.tally(tx, tenant.id), tenant.policy.psr)


@dataclass(frozen=True)
class Readiness:
    """Whether PSR may be switched on, and each thing that it takes: all of them or it may not."""

    has_action: bool
    earned: Licence
    backtest: Backtest | None
    is_current: bool  # the back-test is fresh, and of the policy as it is now
    backtest_bound: bool  # and its lower bound reaches the licence's
    needed: float

    @property
    def obstacle(self) -> Conflict | None:
        """The refusal that names the first thing that is missing; None when nothing is."""
        needed = f"{self.needed:.0%}"
        if not self.has_action:
            return Conflict("Choose an action for MALICIOUS first: with no-action there is nothing to switch on.")
        if not self.earned.granted:
            return Conflict(
                "Not yet: of %(judged)s judged would-be retractions %(wrong)s were wrong, so the precision is at least "
                "%(bound)s; %(needed)s is needed. Judge %(more)s more, all right.",
                judged=self.earned.judged,
                wrong=self.earned.wrong,
                bound=_percent(self.earned.lower_bound),
                needed=needed,
                more=self.earned.needed,
            )
        if self.backtest is None or not self.is_current:
            return Conflict("Run the back-test first: there is none of the policy as it is now.")
        if not self.backtest_bound:
            return Conflict(
                "The back-test says no: %(wrong)s of %(judged)s judged would have been wrong, so the precision is at "
                "least %(bound)s; %(needed)s is needed.",
                wrong=self.backtest.wrong,
                judged=self.backtest.confirmed + self.backtest.wrong,
                bound=_percent(self.backtest.lower_bound),
                needed=needed,
            )
        return None


def _percent(share: float) -> str:
    return f"{share:.1%}"


def readiness(tx: Connection, tenant: Tenant, now: datetime) -> Readiness:
    """What stands between this tenant and PSR switched on."""
    last = backtests.newest(tx, tenant.id)
    fresh = last is not None and now - last.run_at <= timedelta(hours=tenant.policy.backtest.valid_hours)
    mark = policy_mark(tenant.policy, list_context(tx, tenant, now))
    needed = tenant.policy.psr.licence_precision
    return Readiness(
        has_action=tenant.policy.action_for(Disposition.MALICIOUS) != NO_ACTION,
        earned=licence(tx, tenant),
        backtest=last,
        is_current=fresh and last is not None and last.policy_mark == mark,
        backtest_bound=last is not None and last.lower_bound >= needed,
        needed=needed,
    )


def set_psr(services: Services, operator: Operator, psr: Psr) -> None:
    """Turn the switch. `on` needs an action, a licence and a back-test; what is missing is in the Conflict raised."""
    with services.database.begin() as tx:
        tenant = _settings_of(tx, operator)
        obstacle = readiness(tx, tenant, services.now()).obstacle if psr is Psr.ON else None
        if obstacle:
            raise obstacle
        tenants.change_policy(tx, tenant.id, {"psr": {"switch": psr}})
        _record(tx, services, operator, {"psr": psr})


def set_pdr(services: Services, operator: Operator, pdr: Psr) -> None:
    """Turn Post Delivery Response. It follows judgements that people, or a licensed PSR, have made already."""
    with services.database.begin() as tx:
        tenant = _settings_of(tx, operator)
        if pdr is Psr.ON and tenant.policy.action_for(Disposition.MALICIOUS) == NO_ACTION:
            raise Conflict("Choose an action for MALICIOUS first: with no-action there is nothing to switch on.")
        tenants.change_policy(tx, tenant.id, {"pdr": {"switch": pdr}})
        _record(tx, services, operator, {"pdr": pdr})


def fall_back_if_alarmed(tx: Connection, services: Services, tenant: Tenant) -> None:
    """PSR that turned out to be wrong too often goes back to preview, loudly. Call it after each judgement."""
    earned, now = licence(tx, tenant), services.now()
    if tenant.policy.psr.switch is not Psr.ON or not earned.alarm:
        return
    tenants.change_policy(tx, tenant.id, {"psr": {"switch": Psr.PREVIEW}})
    detail = {"judged": earned.judged, "wrong": earned.wrong, "lower_bound": round(earned.lower_bound, 4)}
    alarms.sound(tx, tenant.id, PSR_FELL_BACK, detail, now)
    audit.record(tx, tenant.id, SYSTEM, "psr fell back to preview", "settings", detail, now)
    log.error("psr fell back to preview", tenant=tenant.id, wrong=earned.wrong, judged=earned.judged)


def acknowledge(services: Services, operator: Operator, alarm_id: int) -> None:
    """An alarm was seen; its banner goes. Raises NotAllowed, Unknown."""
    with services.database.begin() as tx:
        tenant = _settings_of(tx, operator)
        first = alarms.acknowledge(tx, tenant.id, alarm_id, operator.id, services.now())
        if first is None:
            raise Unknown("There is no such alarm.")
        if first:
            _record(tx, services, operator, {"alarm acknowledged": alarm_id})


def set_actions(services: Services, operator: Operator, chosen: Mapping[Disposition, str]) -> None:
    """Choose what is done to copies of each disposition, all at once.

    Raises BadInput for an action that is none, or that this tenant's provider cannot do: then nothing changes.
    """
    with services.database.begin() as tx:
        tenant = _settings_of(tx, operator)
        changed = {d: action for d, action in chosen.items() if tenant.policy.actions.get(d, NO_ACTION) != action}
        if changed:
            tenants.change_policy(tx, tenant.id, {"actions": changed})
        for disposition, action in changed.items():
            _record(tx, services, operator, {"disposition": disposition, "action": action})


def confirm_hard_delete(services: Services, operator: Operator, confirmed: bool) -> None:
    """The second confirmation, without which hard delete does nothing."""
    with services.database.begin() as tx:
        tenant = _settings_of(tx, operator)
        tenants.change_policy(tx, tenant.id, {"hard_delete_confirmed": confirmed})
        _record(tx, services, operator, {"hard_delete_confirmed": confirmed})


def show_reporter_names(services: Services, operator: Operator, shown: bool) -> None:
    """Whether the overview names reporters."""
    with services.database.begin() as tx:
        tenant = _settings_of(tx, operator)
        tenants.change_policy(tx, tenant.id, {"reporter_names": shown})
        _record(tx, services, operator, {"reporter_names": shown})


def set_intake(services: Services, operator: Operator, team_senders: Sequence[str], *, explain: bool) -> None:
    """Whose mail is the team's word, and whether people are told what was wrong with theirs.

    Raises BadInput, and NotAllowed: nobody who may not judge mail decides whose word is a label.
    """
    for one in team_senders:
        if not is_address(one):
            raise BadInput(
                "%(address)s is no address. A domain alone would make all of its people the team.", address=one
            )
    with services.database.begin() as tx:
        tenant = _settings_of(tx, operator)
        before = tenant.policy.intake.team_senders
        if set(before) != {one.lower() for one in team_senders} and not operator.may(Right.MAIL):
            raise NotAllowed("Whose mail is the team's word is decided by an owner: it is a label.")
        change = {"team_senders": list(team_senders), "explain_invalid": explain}
        tenants.change_policy(tx, tenant.id, {"intake": change})
        _record(tx, services, operator, {"intake.team_senders": len(team_senders), "intake.explain_invalid": explain})


def _settings_of(tx: Connection, operator: Operator) -> Tenant:
    if not operator.may(Right.SETTINGS):
        raise NotAllowed("The role %(role)s does not change settings; ask an admin or an owner.", role=operator.role)
    return tenants.get(tx, operator.tenant_id)


def _record(tx: Connection, services: Services, operator: Operator, detail: dict[str, object]) -> None:
    actor = Actor("operator", operator.id)
    audit.record(tx, operator.tenant_id, actor, "settings changed", "settings", detail, services.now())
