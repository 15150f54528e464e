"""A tenant's policy: the defaults of policy.toml with the tenant's own choices on top."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from backend.domain.decision import Psr
from backend.domain.disposition import Disposition
from backend.errors import BadInput
from connectors.contract import Action

NO_ACTION = "no-action"


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


class Thresholds(_Section):
    """Where the margin's zero lies and how wide the band below it is, in nats."""

    target: float = Field(gt=0, lt=1)
    suspicious_below: float = Field(ge=0)


class ReporterPolicy(_Section):
    """The prior of a reporter's reliability and how several reporters add up."""

    prior_right: float = Field(gt=0)
    prior_wrong: float = Field(gt=0)
    background: float = Field(gt=0, lt=1)
    cap: float = Field(gt=0)
    diminishing: float = Field(ge=0, le=1)


class Retention(_Section):
    """How long evidence is kept after its message is closed."""

    evidence_days: int = Field(ge=1)


class Campaigns(_Section):
    """From which similarity on two messages are one campaign."""

    similarity: float = Field(gt=0, le=1)


class Senders(_Section):
    """Whom PSR never touches (trusted, and only when aligned) and what the tenant's own gateway is called."""

    trusted: tuple[str, ...] = ()  # addresses or domains
    trusted_source_addresses: tuple[str, ...] = ()  # IP addresses recorded by the tenant's own gateway
    blocked: tuple[str, ...] = ()
    authserv_ids: tuple[str, ...] = ()  # whose Authentication-Results count
    simulation_tokens: tuple[str, ...] = ()  # values of X-Unhook-Simulation that mark the tenant's own exercises


class TenantPolicy(_Section):
    """All of one tenant's numbers and switches."""

    psr: PsrPolicy
    actions: dict[Disposition, str]
    thresholds: Thresholds
    reporter: ReporterPolicy
    retention: Retention
    campaigns: Campaigns
    senders: Senders = Senders()
    hard_delete_confirmed: bool = False

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


def tenant_policy(own: Mapping[str, Any]) -> TenantPolicy:
    """The defaults with a tenant's own choices on top. Raises BadInput, naming the first wrong field."""
    for key in defaults():
        if not isinstance(own.get(key, {}), Mapping):
            raise BadInput(f"policy {key}: this is a section with several values, not one value")
    merged = {key: {**defaults()[key], **own.get(key, {})} for key in defaults()}
    extra = {key: value for key, value in own.items() if key not in merged}
    try:
        return TenantPolicy.model_validate({**merged, **extra})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"policy {place}: {first['msg']}") from error
