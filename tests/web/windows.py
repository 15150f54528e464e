"""Browser windows in which somebody has signed in."""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Browser, Page


@contextlib.contextmanager
def signed_in(chromium: Browser, site: str, name: str, **options: object) -> Iterator[Page]:
    context = chromium.new_context(base_url=site, **{"viewport": {"width": 1280, "height": 900}, **options})
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(f"password of {name}")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)
    yield page
    context.close()
