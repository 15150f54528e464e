"""Debian's Chromium, quiet: it asks nobody anything of its own accord."""

import shutil

from playwright.sync_api import Browser, Playwright, ProxySettings

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launch(playwright: Playwright, proxy: ProxySettings | None = None) -> Browser:
    """A browser without cookies, which the caller closes."""
    program = shutil.which("chromium")
    if program is None:
        raise RuntimeError("The browser tests drive Debian's Chromium, which is missing: apt-get install chromium")
    return playwright.chromium.launch(executable_path=program, args=_QUIET, proxy=proxy)
