"""Opened: how do commands get at the installation, and at what people name on the command line?"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Connection, select

from backend import whence
from backend.domain.people import Operator, Person
from backend.errors import Unknown
from backend.log import set_up
from backend.services import Services
from backend.settings import read_settings
from backend.store import people, tables, tenants
from backend.store.tenants import Tenant
from backend.wiring import build_services

LOOK_AGAIN = 0.2  # seconds


@contextmanager
def installation() -> Iterator[Services]:
    """The services that the environment describes, closed afterwards. Log lines go to stderr."""
    settings = read_settings()
    set_up(settings.log_format)
    services = build_services(settings)
    whence.bind(whence.COMMAND_LINE)
    try:
        yield services
    finally:
        whence.bind("")
        services.database.close()


def tenant_called(tx: Connection, slug: str) -> Tenant:
    """The tenant of this name. Raises Unknown."""
    tenant = tenants.by_slug(tx, slug)
    if tenant is None:
        raise Unknown(f"There is no tenant called {slug!r}; `unhook tenant list` shows those there are.")
    return tenant


def operator_called(tx: Connection, name: str) -> Operator:
    """The operator of this name, in whose name something is ordered. Raises Unknown."""
    number = tx.execute(select(tables.operators.c.id).where(tables.operators.c.name == name)).scalar()
    operator = people.get_operator(tx, number) if number is not None else None
    if operator is None:
        raise Unknown(f"There is no operator called {name!r}; add one with `unhook operator add`.")
    return operator


def person_called(tx: Connection, tenant: Tenant, address: str) -> Person:
    """The person with this address. Raises Unknown."""
    here = (tables.people.c.tenant_id == tenant.id) & (tables.people.c.address == address)
    number = tx.execute(select(tables.people.c.id).where(here)).scalar()
    person = people.get_person(tx, tenant.id, number) if number is not None else None
    if person is None:
        raise Unknown(f"{tenant.slug} has nobody with the address {address!r}; add them with `unhook person add`.")
    return person


def wait_for(done: Callable[[], bool], seconds: float, what: str) -> None:
    """Look until the workers have done it; exit code 3 when they have not in time."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            click.echo(f"{what} is still under way after {seconds:g} seconds; is `unhook work` running?", err=True)
            sys.exit(3)
        time.sleep(LOOK_AGAIN)
