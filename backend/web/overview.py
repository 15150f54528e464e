"""Overview: how fast, how right and how thorough was it lately, in pictures? Names are for those who may."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from backend.domain.people import Operator, Right
from backend.flow import switch
from backend.flow.overview import lately
from backend.policy.interval import interval
from backend.services import Services
from backend.store import overview, tenants
from backend.store.overview import BIN_EDGES, WEEKS, Overview
from backend.web import charts
from backend.web.charts import Chart, Interval, Series
from backend.web.languages import short_day
from backend.web.session import needs
from backend.web.spelled import count, percent, signed, span, visible
from model.measured import measured

pages = Blueprint("overview", __name__)


@pages.get("/overview")
@needs(Right.METRICS)
def page(services: Services, operator: Operator) -> ResponseReturnValue:
    """The page. Campaigns have subjects for those who may see mail; people have names where the tenant wants that."""
    counted = lately(services, operator.tenant_id)
    known = counted.overview
    with services.database.read() as tx:
        named = tenants.get(tx, operator.tenant_id).policy.reporter_names
        people = [one.person_id for one in known.accuracy] if named else []
        names = overview.names(tx, operator.tenant_id, people)
        campaigns = [one.campaign_id for one in known.attacks] if operator.may(Right.MAIL) else []
        subjects = overview.subjects(tx, operator.tenant_id, campaigns)
    shown = {
        "numbers": counted.numbers,
        "as_of": known.at,
        "named": named,
        "subjects": subjects,
        "attacks": known.attacks,
        "verdict_waits": waits_chart(
            _("From report to verdict"), _("Half of the week’s reports had a verdict within the median."), known, True
        ),
        "gone_waits": waits_chart(
            _("From the first report to the last copy gone"),
            _("Until a search of all mailboxes found no copy left. Retractions that were undone are left out."),
            known,
            False,
        ),
        "truth": truth_chart(known),
        "taken": taken_chart(known),
        "accuracy": accuracy_chart(known, names),
        "margins": margins_chart(known, services),
        "calibration": calibration_chart(known),
    }
    return render_template("overview.html", here="overview", **shown)


@pages.post("/overview/names")
@needs(Right.SETTINGS)
def show_names(services: Services, operator: Operator) -> ResponseReturnValue:
    """Whether this tenant wants its reporters' names on the page."""
    shown = request.form.get("names") == "yes"
    switch.show_reporter_names(services, operator, shown)
    flash(_("Reporters are shown by name.") if shown else _("Reporters are shown by number."), "done")
    return redirect(url_for("web.overview.page"), 303)


def waits_chart(name: str, says: str, known: Overview, verdicts: bool) -> Chart:
    """Median and 95th percentile of a waiting time, week by week, on a scale of seconds to days."""
    by_week = {one.week: one for one in (known.verdicts if verdicts else known.gone)}
    weeks = [by_week.get(n) for n in range(WEEKS)]
    median = Series(_("Median"), "median", [max(one.median, 0.1) if one else None for one in weeks])
    slow = Series(_("95 of 100 were faster"), "slow", [max(one.slow, 0.1) if one else None for one in weeks])
    scale = charts.durations([*median.values, *slow.values])
    return charts.lines(name, says, _("Week from"), _weeks(known), [median, slow], span, scale=scale)


def truth_chart(known: Overview) -> Chart:
    """What the reports of each week turned out to be."""
    by_week = {one.week: one for one in known.truth}
    weeks = [by_week.get(n) for n in range(WEEKS)]
    series = [
        Series(_("An attack"), "attack", [one.right if one else 0 for one in weeks]),
        Series(_("Spam"), "spam", [one.spam if one else 0 for one in weeks]),
        Series(_("Harmless"), "harmless", [one.wrong if one else 0 for one in weeks]),
        Series(_("Not judged by people"), "open", [one.unjudged if one else 0 for one in weeks]),
    ]
    says = _("Reports by the week in which they came, and by what people have judged their messages to be.")
    return charts.stacked(_("Reports and their truth"), says, _("Week from"), _weeks(known), series, count)


def taken_chart(known: Overview) -> Chart:
    """What became of copies, and how many were read before they went."""
    by_week = {one.week: one for one in known.taken}
    weeks = [by_week.get(n) for n in range(WEEKS)]
    series = [
        Series(_("Retracted unread"), "harmless", [one.retracted - one.read_before if one else 0 for one in weeks]),
        Series(_("Read before it was retracted"), "spam", [one.read_before if one else 0 for one in weeks]),
        Series(_("Could not be retracted"), "attack", [one.failed if one else 0 for one in weeks]),
        Series(_("Under way"), "open", [one.under_way if one else 0 for one in weeks]),
    ]
    says = _("Copies by the week in which their retraction was ordered. A mailbox that does not tell counts as unread.")
    return charts.stacked(_("What became of copies"), says, _("Week from"), _weeks(known), series, count)


def accuracy_chart(known: Overview, names: Any) -> Chart:
    """How often each reporter's judged reports were right, and how sure that is."""
    rows = []
    for one in known.accuracy:
        who = visible(names.get(one.person_id, "")) or _("Reporter %(number)s", number=one.person_id)
        low, high = interval(one.right, one.judged)
        share = _("%(right)s of %(judged)s", right=count(one.right), judged=count(one.judged))
        rows.append(Interval(who, one.right / one.judged, low, high, share))
    says = _(
        "Judged reports of the last year that were right. With 95 percent confidence the true share lies on the bar."
    )
    head = [_("Reporter"), _("Right"), _("Share"), _("Between")]
    legend = [("value", _("Share that was right")), ("interval", _("95-percent interval"))]
    return charts.intervals(_("How often reporters are right"), says, head, rows, percent, legend)


def margins_chart(known: Overview, services: Services) -> Chart:
    """Where the margins of reported mail lie, beside those of the mail the checkpoint was measured on."""
    by_week = {one.week: one for one in known.margins}
    weeks = [by_week.get(n) for n in range(WEEKS)]
    median = Series(_("Median of reported mail"), "median", [one.median if one else None for one in weeks])
    low = Series(_("95 of 100 are above"), "low", [one.low if one else None for one in weeks])
    high = Series(_("95 of 100 are below"), "high", [one.high if one else None for one in weeks])
    sample = measured(services.settings.checkpoint)
    marks = {}
    if sample:
        marks["level-bad"] = sample.malicious, _("Malicious mail the checkpoint was measured on")
        marks["level-safe"] = sample.legitimate, _("Legitimate mail the checkpoint was measured on")
    levels = [value for value, _name in marks.values()]
    scale = charts.around_zero([*low.values, *high.values, *levels])
    says = _("Margins without reporters, week by week. A median that wanders means that mail changes, or its mixture.")
    return charts.lines(
        _("Margins of reported mail"),
        says,
        _("Week from"),
        _weeks(known),
        [median],
        signed,
        scale=scale,
        band=(_("90 of 100 messages of the week"), low, high),
        marks=marks,
    )


def calibration_chart(known: Overview) -> Chart:
    """Of messages that people judged: how many were malicious at each margin, and what the network had said."""
    rows = []
    for one in known.bins:
        low, high = interval(one.malicious, one.judged)
        share = _("%(right)s of %(judged)s", right=count(one.malicious), judged=count(one.judged))
        said = 1 / (1 + math.exp(-min(max(one.log_odds, -30.0), 30.0)))
        rows.append(Interval(_bin_name(one.number), one.malicious / one.judged, low, high, share, said))
    says = _(
        "Messages that people judged in the last year, by their margin without reporters. The square is what the "
        "network says where malicious and legitimate mail are equally frequent; in reported mail they are not."
    )
    head = [_("Margin"), _("Malicious"), _("Share"), _("Between"), _("Said")]
    legend = [
        ("value", _("Share that was malicious")),
        ("interval", _("95-percent interval")),
        ("expected", _("What the network says")),
    ]
    return charts.intervals(_("Margins against judgements"), says, head, rows, percent, legend)


def _bin_name(number: int) -> str:
    if number == 0:
        return _("below %(edge)s", edge=signed(BIN_EDGES[0]))
    if number == len(BIN_EDGES):
        return _("from %(edge)s on", edge=signed(BIN_EDGES[-1]))
    return _("%(low)s to %(high)s", low=signed(BIN_EDGES[number - 1]), high=signed(BIN_EDGES[number]))


def _weeks(known: Overview) -> Sequence[str]:
    return [short_day(known.began + timedelta(weeks=n)) for n in range(WEEKS)]
