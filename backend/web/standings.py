"""Standings: with which word and colour does a consent page show how one thing stands?"""

from flask_babel import lazy_gettext as _

from backend.domain.finding import Standing

STANDINGS = {
    Standing.GOOD: (_("Good"), "NONE"),
    Standing.OPTIONAL: (_("Not needed"), "BULK"),
    Standing.SOON: (_("Ends soon"), "SUSPICIOUS"),
    Standing.OLD: (_("Old"), "SUSPICIOUS"),
    Standing.WIDE: (_("Too wide"), "SUSPICIOUS"),
    Standing.MISSING: (_("Missing"), "MALICIOUS"),
    Standing.UNKNOWN: (_("Not known"), "SPAM"),
}
