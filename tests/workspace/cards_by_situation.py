"""Every card there is: each situation, for one language."""

from typing import Any

from connectors.gmail.addon import cards
from connectors.gmail.addon.words import Words

DISPOSITIONS = ("MALICIOUS", "SUSPICIOUS", "SPOOF", "SPAM", "BULK", "NONE")
HOSTILE = '<a href="http://evil.example">Pay</a> & <script>\u202e\x00\ud83d\r\nBcc: x</script>' + "A" * 100_000


def every_card(words: Words, base: str) -> dict[str, dict[str, Any]]:
    """By a name for the test's report."""
    reasons = ("A link shows one address and leads to another.", HOSTILE)
    results = {
        "waiting": cards.Result(7, "phish"),
        "read but undecided": cards.Result(7, "spam", HOSTILE),
        "failed": cards.Result(7, "phish", failed=True),
        "just reported": cards.Result(7, "phish", can_take_back=True),
        "taken back": cards.Result(7, "phish", taken_back=True),
        "simulation": cards.Result(7, "phish", "Exercise", "MALICIOUS", reasons, simulation=True),
        **{one: cards.Result(7, "phish", HOSTILE, one, reasons, retracted=True) for one in DISPOSITIONS},
        "a disposition of tomorrow": cards.Result(7, "phish", "x", "NEW"),
    }
    made = {name: cards.result(words, base, one) for name, one in results.items()}
    own_page = f"{base}/reports/enter/signed"
    made["already"] = cards.result(words, base, results["waiting"], own_page, already=True)
    made["too late"] = cards.result(words, base, results["MALICIOUS"], own_page, too_late=True)
    made["question"] = cards.question(words, base)
    made["homepage of nobody"] = cards.homepage(words, base, [])
    made["homepage"] = cards.homepage(words, base, list(results.values()), own_page)
    for sentence in ("no_message", "not_yours", "too_many", "unreachable", "failed"):
        made[sentence] = cards.problem(words, base, getattr(words, sentence))
    return made
