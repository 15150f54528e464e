"""Browser windows in which somebody has signed in."""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Browser, Page


def sign_in(page: Page, site: str, name: str) -> None:
    page.goto(f"{site}/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(f"password of {name}")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)


@contextlib.contextmanager
def signed_in(chromium: Browser, site: str, name: str, **options: object) -> Iterator[Page]:
    context = chromium.new_context(base_url=site, **{"viewport": {"width": 1280, "height": 900}, **options})
    page = context.new_page()
    sign_in(page, site, name)
    yield page
    context.close()
