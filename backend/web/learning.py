"""Learning: what did people teach, what is the next network like, and which one serves?"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from backend.domain.candidate import Candidate, CandidateState
from backend.domain.people import Operator, Right
from backend.errors import BadInput, Conflict
from backend.flow import candidates as flow
from backend.flow import learn
from backend.services import Services
from backend.store import candidates, label_view, tenants, verdicts
from backend.web.languages import spoken
from backend.web.message import HIGHEST_ID
from backend.web.session import needs

WEEKS = 12
PER_PAGE = 50
NAMED = 50  # messages of a difference that are shown

pages = Blueprint("learning", __name__)

OBSTACLES: Mapping[str, Any] = {
    "forgets": lazy_gettext("It catches fewer of the frozen test's attacks, by more than half a point."),
    "more-wrong": lazy_gettext("It takes more of the frozen test's honest mail for attacks."),
    "blind-spot": lazy_gettext("One kind of attack is caught much less often."),
    "sways": lazy_gettext("Many mails that nobody labelled change sides."),
    "one-giver": lazy_gettext("One person's labels often say the opposite of what the network is certain of."),
    "more-wrong-here": lazy_gettext("It takes more of your own honest mail for attacks, of what was held back."),
    "worse-here": lazy_gettext("It catches fewer of your own judged attacks, of what was held back."),
}


@pages.get("/learning")
@needs(Right.METRICS)
def learning(services: Services, operator: Operator) -> ResponseReturnValue:
    """The page. Labels name mail, so they are shown to those only who may see mail."""
    before = request.args.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
    with services.database.read() as tx:
        tenant = tenants.get(tx, operator.tenant_id)
        made = candidates.newest(tx, operator.tenant_id, 10)
        served = candidates.served(tx, operator.tenant_id, 10)
        weeks = verdicts.by_week(tx, operator.tenant_id, services.now() - timedelta(weeks=WEEKS))
        givers = label_view.names_of(tx, operator.tenant_id, {_giver(one) for one in made} - {""})
        shown = _labels(tx, operator, number) if operator.may(Right.MAIL) else {}
    return render_template(
        "learning.html",
        here="learning",
        tenant=tenant,
        candidates=made,
        names={one.id: one.name for one in made},
        served=served,
        serving=served[0].candidate_id if served else None,
        drift=_drift(weeks),
        givers={one.id: givers.get(_giver(one), "") for one in made},
        calibration={one.id: _calibration(one.measures) for one in made},
        obstacles=OBSTACLES,
        named=NAMED,
        states=CandidateState,
        under_way=any(one.state in (CandidateState.ASKED, CandidateState.LEARNING) for one in made),
        owns=operator.may(Right.NETWORK),
        **shown,
    )


@pages.post("/learning/candidates")
@needs(Right.MAIL)
def ask(services: Services, operator: Operator) -> ResponseReturnValue:
    """Have a candidate trained."""
    return _done(
        lambda: flow.ask(services, operator), _("A candidate is being trained. This page shows how far it is.")
    )


@pages.post(f"/learning/candidates/<int(min=1, max={HIGHEST_ID}):candidate_id>/promote")
@needs(Right.NETWORK)
def promote(services: Services, operator: Operator, candidate_id: int) -> ResponseReturnValue:
    """Let it serve."""
    even_so = request.form.get("even_so") == "yes"
    said = _("It serves from the next message on.")
    return _done(lambda: flow.promote(services, operator, candidate_id, even_so=even_so), said)


@pages.post("/learning/roll-back")
@needs(Right.NETWORK)
def roll_back(services: Services, operator: Operator) -> ResponseReturnValue:
    """What served before serves again."""
    return _done(lambda: flow.roll_back(services, operator), _("What served before serves again."))


@pages.post(f"/learning/labels/<int(min=1, max={HIGHEST_ID}):label_id>/revoke")
@needs(Right.MAIL)
def revoke(services: Services, operator: Operator, label_id: int) -> ResponseReturnValue:
    """Take one label back, or with `all` every label of whoever gave it."""
    why = request.form.get("why", "")
    if request.form.get("all") == "yes":
        return _done(lambda: _revoke_all(services, operator, label_id, why), "")
    said = _("Revoked. What rested on it is being decided again.")
    return _done(lambda: learn.revoke(services, operator, label_id, why), said)


def _revoke_all(services: Services, operator: Operator, label_id: int, why: str) -> None:
    count = learn.revoke_all_like(services, operator, label_id, why)
    flash(ngettext("%(num)s label revoked.", "%(num)s labels revoked.", count), "done")


def _done(act: Callable[[], object], said: str) -> ResponseReturnValue:
    try:
        act()
    except (Conflict, BadInput) as refusal:
        flash(spoken(refusal), "wrong")
    else:
        if said:
            flash(said, "done")
    return redirect(url_for("web.learning.learning"), 303)


def _labels(tx: Any, operator: Operator, before: int | None) -> dict[str, Any]:
    lines = label_view.label_lines(tx, operator.tenant_id, PER_PAGE + 1, before)
    return {
        "labels": lines[:PER_PAGE],
        "more": len(lines) > PER_PAGE,
        "conflicts": label_view.conflicts(tx, operator.tenant_id),
    }


def _giver(candidate: Candidate) -> str:
    """Whose labels the network contradicts most."""
    return str(candidate.measures["giver"][0]) if "giver" in candidate.measures else ""


def _calibration(measures: Mapping[str, Any]) -> list[tuple[str, Sequence[int], Sequence[int]]]:
    """Of each step of margins, from the highest on: its name, and (mails, attacks) before and now."""
    if "steps" not in measures:
        return []
    edges = [f"{edge:+g}" for edge in measures["steps"]]
    names = [f"< {edges[0]}", *(f"{low} … {high}" for low, high in pairwise(edges)), f"≥ {edges[-1]}"]
    return list(zip(names, *measures["calibration"], strict=True))[::-1]


def _drift(weeks: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """Of each week: how many messages, the middle of their base margins, and how many lie at or above zero."""
    return [
        {
            "week": week,
            "messages": len(margins),
            "median": median(margins),
            "above": sum(margin >= 0 for margin in margins) / len(margins),
        }
        for week, margins in weeks.items()
    ]
