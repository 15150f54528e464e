"""A tenant's policy: the defaults of policy.toml with the tenant's own choices on top."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.domain.received_mail import read_said
from backend.domain.submission import Kind
from backend.errors import BadInput
from connectors.contract import Action
from model.modules.simulations import HASHED, hashed, vendors

NO_ACTION = "no-action"
EVERY_ACTION: frozenset[str] = frozenset(Action)
LONGEST_WAIT = 7 * 24 * 60  # minutes after which a delivered copy is looked for at the latest


_ADDRESS = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,253}")


def is_address(text: str) -> bool:
    """Whether it is one whole address, as far as it needs to be to name a sender."""
    return bool(_ADDRESS.fullmatch(text))


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PsrPolicy(_Section):
    """When PSR acts, and how far it may go by itself."""

    switch: Psr
    max_automatic: int = Field(ge=0)
    max_single_approval: int = Field(ge=0)
    judge_share: float = Field(ge=0, le=1)
    licence_precision: float = Field(gt=0, lt=1)
    alarm_precision: float = Field(gt=0, lt=1)


class PdrPolicy(_Section):
    """When a message that was found malicious is looked for again."""

    switch: Psr
    minutes: tuple[int, ...] = Field(min_length=1, max_length=10)

    @field_validator("minutes")
    @classmethod
    def _in_order(cls, minutes: tuple[int, ...]) -> tuple[int, ...]:
        if list(minutes) != sorted(set(minutes)) or minutes[0] < 1 or minutes[-1] > LONGEST_WAIT:
            raise ValueError(f"give different minutes in rising order, between 1 and {LONGEST_WAIT}")
        return minutes


class CanaryPolicy(_Section):
    """How many copies prove that a retraction does what it should, before it goes on."""

    copies: int = Field(ge=1, le=100)
    large: int = Field(ge=0)
    looks: int = Field(ge=1, le=10)


class BacktestPolicy(_Section):
    """What the switch asks of a back-test."""

    days: int = Field(ge=1, le=3650)
    valid_hours: int = Field(ge=1)


class Thresholds(_Section):
    """Where the margin's zero lies and how wide the band below it is, in nats."""

    target: float = Field(gt=0, lt=1)
    suspicious_below: float = Field(ge=0)


class ReporterPolicy(_Section):
    """The prior of a reporter's reliability, how fast it fades, and how several reporters add up."""

    prior_right: float = Field(gt=0)
    prior_wrong: float = Field(gt=0)
    background: float = Field(gt=0, lt=1)
    cap: float = Field(gt=0)
    diminishing: float = Field(ge=0, le=1)
    half_life_days: float = Field(ge=1)
    together: int = Field(ge=1)


class Answers(_Section):
    """In which language people are told who have not shown which they read."""

    language: Literal["en", "de"]


class Retention(_Section):
    """How long evidence is kept after its message is closed."""

    evidence_days: int = Field(ge=1)


class Campaigns(_Section):
    """From which similarity on two messages are one campaign."""

    similarity: float = Field(gt=0, le=1)


class Links(_Section):
    """Whether links are followed to their pages, how many of one message, and for how long together."""

    crawl: bool
    most: int = Field(ge=1, le=10)
    seconds: float = Field(gt=0, le=60)


class Learning(_Section):
    """Who promotes a candidate, and the base margins below which instant learning converts nothing."""

    promote: Literal["owner", "policy"]
    similar_from: float = Field(ge=-4)  # a hostile label must not reach mail that the network holds to be clean
    shared_from: float = Field(ge=-12)


class Intake(_Section):
    """Whose mail is the security team's word, whether people are told what was wrong, and which mailboxes are read."""

    team_senders: tuple[str, ...] = Field(max_length=1000)
    explain_invalid: bool
    mailboxes: dict[str, str] = Field(max_length=20)  # by address: as what mail in it counts, such as user+malicious

    @field_validator("team_senders")
    @classmethod
    def _whole_addresses(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        tidy = tuple(dict.fromkeys(one.strip().lower() for one in addresses))
        for one in tidy:
            if not is_address(one):
                raise ValueError(f"{one!r} is no address: a domain alone would make all of its people the team")
        return tidy

    @field_validator("mailboxes")
    @classmethod
    def _whole_addresses_that_say_something(cls, mailboxes: dict[str, str]) -> dict[str, str]:
        tidy = {address.strip().lower(): said.strip().lower() for address, said in mailboxes.items()}
        for address, said in tidy.items():
            if not is_address(address):
                raise ValueError(f"{address!r} is no address of a mailbox")
            if read_said(said) is None:
                kinds, dispositions = "|".join(Kind), "|".join(one.lower() for one in Disposition)
                raise ValueError(f"{said!r} of {address} means nothing: say {{{kinds}}}+{{{dispositions}}}")
        return tidy


class Senders(_Section):
    """Whom PSR never touches (trusted, and only when aligned) and what the tenant's own gateway is called."""

    trusted: tuple[str, ...] = ()  # addresses or domains
    trusted_source_addresses: tuple[str, ...] = ()  # IP addresses recorded by the tenant's own gateway
    blocked: tuple[str, ...] = ()
    authserv_ids: tuple[str, ...] = ()  # whose Authentication-Results count
    simulation_tokens: tuple[str, ...] = ()  # hashes of what X-Unhook-Simulation holds in the tenant's own exercises

    @field_validator("simulation_tokens")
    @classmethod
    def _hashed(cls, tokens: tuple[str, ...]) -> tuple[str, ...]:
        told = (one.strip() for one in tokens)
        return tuple(dict.fromkeys(one if one.startswith(HASHED) else hashed(one) for one in told if one))


class Simulations(_Section):
    """What marks the tenant's own exercises beside a token. A marker counts only where its sender is proven."""

    keys: tuple[str, ...] = ()  # public halves of the keys that sign X-Unhook-Simulation
    vendors: tuple[str, ...] = ()  # services whose markers count: model/modules/simulations.toml
    headers: tuple[str, ...] = ()  # names of other headers that mark an exercise
    domains: tuple[str, ...] = ()  # of senders whose markers count, proven by DKIM or SPF in alignment
    addresses: tuple[str, ...] = ()  # or IP addresses and networks that the tenant's own gateway recorded

    @field_validator("vendors")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in vendors():
                raise ValueError(f"{name!r} is none of {', '.join(sorted(vendors()))}")
        return names


class TenantPolicy(_Section):
    """All of one tenant's numbers and switches."""

    psr: PsrPolicy
    pdr: PdrPolicy
    canary: CanaryPolicy
    backtest: BacktestPolicy
    actions: dict[Disposition, str]
    thresholds: Thresholds
    reporter: ReporterPolicy
    answers: Answers
    retention: Retention
    campaigns: Campaigns
    links: Links
    learning: Learning
    intake: Intake
    senders: Senders = Senders()
    simulations: Simulations = Simulations()
    hard_delete_confirmed: bool = False
    reporter_names: bool = False

    @field_validator("actions")
    @classmethod
    def _known_actions(cls, actions: dict[Disposition, str]) -> dict[Disposition, str]:
        known = {NO_ACTION, *Action}
        for disposition, action in actions.items():
            if action not in known:
                raise ValueError(f"{disposition}: {action!r} is none of {', '.join(sorted(known))}")
        return actions

    def action_for(self, disposition: Disposition) -> str:
        """What is done to copies of a message of this disposition; hard delete only when confirmed twice."""
        action = self.actions.get(disposition, NO_ACTION)
        if action == Action.HARD_DELETE and not self.hard_delete_confirmed:
            return NO_ACTION
        return action


@cache
def defaults() -> dict[str, Any]:
    """What policy.toml says."""
    return tomllib.loads(files("backend.policy").joinpath("policy.toml").read_text())


def tenant_policy(own: Mapping[str, Any], offered: frozenset[str] = EVERY_ACTION) -> TenantPolicy:
    """The defaults with a tenant's own choices on top. Raises BadInput, naming the first wrong field.

    `offered` is what the tenant's provider can do. A default that it cannot do becomes the nearest thing that can be
    undone; a tenant's own choice that it cannot do, does nothing.
    """
    for key in defaults():
        if not isinstance(own.get(key, {}), Mapping):
            raise BadInput("policy %(place)s: this is a section with several values, not one value", place=key)
    merged = {key: {**defaults()[key], **own.get(key, {})} for key in defaults()}
    merged["actions"] = {
        disposition: _possible(action, offered, chosen=disposition in own.get("actions", {}))
        for disposition, action in merged["actions"].items()
    }
    extra = {key: value for key, value in own.items() if key not in merged}
    try:
        return TenantPolicy.model_validate({**merged, **extra})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInput("policy %(place)s: %(why)s", place=place, why=first["msg"]) from error


def _possible(action: Any, offered: frozenset[str], *, chosen: bool) -> Any:
    if (
        not isinstance(action, str) or action in offered or action not in EVERY_ACTION
    ):  # what is no action at all is refused below
        return action
    return NO_ACTION if chosen or Action.TRASH not in offered else Action.TRASH


def refuse_impossible(own: Mapping[str, Any], offered: frozenset[str], provider: str) -> None:
    """Raises BadInput when a tenant chooses an action that its provider cannot do."""
    for disposition, action in own.get("actions", {}).items():
        if isinstance(action, str) and action in EVERY_ACTION - offered:
            can = ", ".join([NO_ACTION, *[one for one in Action if one in offered]])
            raise BadInput(
                "%(provider)s cannot do %(action)s for %(disposition)s: choose one of %(can)s.",
                provider=provider,
                action=action,
                disposition=disposition,
                can=can,
            )
