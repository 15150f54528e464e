"""Cards: what do people see beside their mail? Pure: words and values in, Google's card (google.apps.card.v1) out.

Google reads a little HTML in a card's text, so whatever did not come from us is escaped on the way in.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from connectors.gmail.addon.addresses import LOGO, REFRESH, REPORT, WITHDRAW
from connectors.gmail.addon.words import Words

Json = dict[str, Any]

PHISH, SPAM = "phish", "spam"
LONGEST_COMMENT = 2_000
_LONGEST = 200  # characters of a text that a stranger wrote
_DANGEROUS = frozenset({"MALICIOUS", "SUSPICIOUS", "SPOOF"})


@dataclass(frozen=True)
class Result:
    """What became of a report. An empty `disposition` means that nothing is decided yet."""

    number: int
    submitted_as: str
    subject: str = ""
    disposition: str = ""
    reasons: tuple[str, ...] = ()
    retracted: bool = False
    simulation: bool = False
    failed: bool = False
    can_take_back: bool = False
    taken_back: bool = False


def question(words: Words, base_url: str) -> Json:
    """Beside an open message: what is it? Nothing of the message is in it, because nothing has been read."""
    choices = [
        {"text": f"{words.phish}: {words.phish_hint}", "value": PHISH, "selected": True},
        {"text": f"{words.spam}: {words.spam_hint}", "value": SPAM, "selected": False},
    ]
    asked: Json = {"name": "choice", "label": words.question, "type": "RADIO_BUTTON", "items": choices}
    comment = {
        "name": "comment",
        "label": words.comment,
        "type": "MULTIPLE_LINE",
        "validation": {"characterLimit": LONGEST_COMMENT},
    }
    what_next: Json = {
        "header": words.next,
        "collapsible": True,
        "widgets": [_paragraph(words.next1), _paragraph(words.next2), _paragraph(words.next3)],
    }
    widgets = [{"widgets": [{"selectionInput": asked}, {"textInput": comment}]}, what_next]
    return _card("report", words, base_url, widgets, _button(words.send, _press(f"{base_url}{REPORT}")))


def homepage(words: Words, base_url: str, last: Sequence[Result], own_page: str = "") -> Json:
    """Beside the list of messages: what the button is for, what became of one's last reports, and the way to all."""
    reports = [_line(words, one) for one in last] or [_paragraph(words.none_yet)]
    sections: list[Json] = [{"widgets": [_paragraph(words.open_one)]}, {"header": words.last, "widgets": reports}]
    sections += _buttons(_way_to_all(words, own_page))
    return _card("homepage", words, base_url, sections)


def result(
    words: Words, base_url: str, shown: Result, own_page: str = "", *, already: bool = False, too_late: bool = False
) -> Json:
    """After a report: thanks, and the verdict when there is one; a button to look again while there is none.

    `own_page` leads to the person's own reports, where a verdict can be contested. `too_late`: it was to be taken back.
    """
    widgets = [_paragraph(words.too_late)] if too_late else []
    widgets += [_paragraph(_greeting(words, shown, already=already)), _line(words, shown)]
    if shown.disposition and not shown.simulation:
        widgets += [_paragraph(sentence) for sentence in _verdict(words, shown)]
    elif not shown.disposition and not shown.taken_back:
        widgets += [_paragraph(words.untouched)]

    again = None
    if not shown.disposition and not shown.failed and not shown.taken_back:
        again = _button(words.refresh, _press(f"{base_url}{REFRESH}", shown))
    ways = [*_way_back(words, base_url, shown), *_way_to_all(words, own_page)]
    return _card("result", words, base_url, [{"widgets": widgets}, *_buttons(ways)], again)


def problem(words: Words, base_url: str, sentence: str) -> Json:
    """Something did not work; `sentence` is one of `words` and says what to do."""
    return _card("problem", words, base_url, [{"widgets": [_paragraph(sentence)]}])


def harmless(text: str) -> str:
    """A stranger's text as one line that is nothing but text: no markup, nothing invisible, no end to it in sight."""
    seen = "".join(" " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in text[: _LONGEST * 4])
    one_line = " ".join("".join(one for one in seen if unicodedata.category(one) not in {"Cf", "Cs", "Co"}).split())
    return escape(one_line if len(one_line) <= _LONGEST else one_line[: _LONGEST - 1] + "…")


def _verdict(words: Words, shown: Result) -> list[str]:
    sentences = [words.meanings.get(shown.disposition, "")]
    if shown.retracted:
        sentences.append(words.taken)
    if shown.reasons and words.in_english:
        listed = "<br>".join(f"• {harmless(reason)}" for reason in shown.reasons)
        sentences.append(f"<b>{words.why}</b><br>{listed}")
    return [sentence for sentence in sentences if sentence]


def _line(words: Words, shown: Result) -> Json:
    """One report: how it was reported, of which message, and how it stands."""
    open_ = words.taken_back if shown.taken_back else words.unchecked if shown.failed else words.checking
    stands = words.names.get(shown.disposition, open_)
    text: Json = {
        "topLabel": words.as_spam if shown.submitted_as == SPAM else words.as_phish,
        "text": f"<b>{stands}</b>" if shown.disposition in _DANGEROUS else stands,
        "wrapText": True,
    }
    if shown.disposition or shown.subject:  # before that, nobody has read the message
        text["bottomLabel"] = harmless(shown.subject) or words.no_subject
    return {"decoratedText": text}


def _greeting(words: Words, shown: Result, *, already: bool) -> str:
    if shown.taken_back:
        return words.took_back
    if shown.simulation:
        return words.simulation
    return words.already if already else words.thanks


def _way_back(words: Words, base_url: str, shown: Result) -> list[Json]:
    """Gmail never takes this button away by itself: whoever presses it too late is told so."""
    if not shown.can_take_back:
        return []
    return [{"text": words.take_back, "onClick": {"action": _press(f"{base_url}{WITHDRAW}", shown)}}]


def _way_to_all(words: Words, own_page: str) -> list[Json]:
    return [{"text": words.all, "onClick": {"openLink": {"url": own_page}}}] if own_page else []


def _buttons(buttons: list[Json]) -> list[Json]:
    return [{"widgets": [{"buttonList": {"buttons": buttons}}]}] if buttons else []


def _paragraph(text: str) -> Json:
    return {"textParagraph": {"text": text}}


def _press(function: str, shown: Result | None = None) -> Json:
    """Google posts to this address, with the number of the report that the card shows."""
    given = [{"key": "submission", "value": str(shown.number)}] if shown else []
    return {"function": function, "loadIndicator": "SPINNER", **({"parameters": given} if given else {})}


def _button(text: str, action: Json) -> Json:
    return {"text": text, "type": "FILLED", "onClick": {"action": action}}


def _card(name: str, words: Words, base_url: str, sections: list[Json], button: Json | None = None) -> Json:
    header = {"title": words.title, "imageUrl": f"{base_url}{LOGO}", "imageType": "SQUARE", "imageAltText": "Unhook"}
    card: Json = {"name": name, "header": header, "sections": sections}
    if button:
        card["fixedFooter"] = {"primaryButton": button}
    return card
