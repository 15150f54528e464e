"""Groups: what holds for one corpus, one language, one year, one label?

The cuts for 1 %, 0.5 % and 0.1 % false positives are those of all mail together: a group tells how it fares under the
same rule, not under one of its own.
"""

from typing import Any

import numpy as np

from model.measures.answers import rate, rounded
from model.measures.reporters import WHO
from model.measures.scored import Scored
from model.measures.separation import HEAD, RATES
from model.measures.weighted import Floats, Mask, area, cut

UNKNOWN = "?"


def per_group(scored: Scored) -> dict[str, Any]:
    """Figures of each corpus, language and year, and the shares of each label."""
    acted = _acted(scored)
    return {
        **{
            name: {group: _figures(scored, _here(values, group), acted) for group in sorted(set(values.tolist()))}
            for name, values in scored.groups.items()
        },
        "label": {label: _shares(scored.where(label), acted, f"{label} mail") for label in HEAD},
    }


def _acted(scored: Scored) -> dict[str, Mask]:
    """What each rule acts on: the cuts on base margins, and the shipped threshold for different reporters."""
    margins = scored.margins()
    cuts = {f"at_{at:g}": cut(margins, scored.legitimate, at) for at in RATES}
    return {
        **{name: margins > at for name, at in cuts.items() if at is not None},
        **{who: scored.margins(value) >= 0 for who, value in WHO.items()},
    }


def _figures(scored: Scored, here: Mask, acted: dict[str, Mask]) -> dict[str, Any]:
    margins, malicious, legitimate = scored.margins(), scored.malicious, scored.legitimate
    return {
        "messages": {label: int((here & scored.where(label)).sum()) for label in HEAD},
        "auc": _auc(margins, here & malicious, here & legitimate, "needs malicious and legitimate mail of its own"),
        "auc_of_its_malicious": _auc(margins, here & malicious, legitimate, "no malicious mail"),
        "auc_of_its_legitimate": _auc(margins, malicious, here & legitimate, "no legitimate mail"),
        "malicious": _shares(here & malicious, acted, "malicious mail"),
        "legitimate": _shares(here & legitimate, acted, "legitimate mail"),
        "spam": _shares(here & scored.spam, acted, "spam"),
    }


def _shares(among: Mask, acted: dict[str, Mask], what: str) -> dict[str, Any]:
    n = int(among.sum())
    return {name: rate(int((hits & among).sum()), n, what) for name, hits in acted.items()}


def _auc(margins: Floats, positive: Mask, negative: Mask, otherwise: str) -> dict[str, Any]:
    value = float(area(margins, positive, negative)(np.ones((1, len(margins))))[0])
    return {"value": None, "why": otherwise} if np.isnan(value) else {"value": rounded(value)}


def _here(values: Any, group: object) -> Mask:
    return np.asarray(values == group, dtype=np.bool_).reshape(len(values))
