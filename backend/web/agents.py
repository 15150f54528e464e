"""Agents: which browser, on which system, calls itself this?"""

from flask_babel import gettext

# In this order: most browsers claim to be those below them as well, and so do systems.
_BROWSERS = {
    "Edg": "Edge",  # Edg/ on desktops, EdgA/ and EdgiOS/ on phones
    "OPR/": "Opera",
    "Vivaldi/": "Vivaldi",
    "SamsungBrowser/": "Samsung Internet",
    "FxiOS/": "Firefox",
    "Firefox/": "Firefox",
    "CriOS/": "Chrome",
    "Chromium/": "Chromium",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iOS",
    "iPad": "iPadOS",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


def agent(header: str) -> str:
    """A User-Agent header in words, "Firefox on Linux"; empty when either is none that people sign in with."""
    browser, system = _first(_BROWSERS, header), _first(_SYSTEMS, header)
    return gettext("%(browser)s on %(system)s", browser=browser, system=system) if browser and system else ""


def _first(known: dict[str, str], header: str) -> str:
    return next((name for mark, name in known.items() if mark in header), "")
