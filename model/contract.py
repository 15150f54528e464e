"""The contract: what the model tells the backend. Importing it does not import torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from model.message.facts import Facts


@dataclass(frozen=True)
class Reason:
    """Why: a code from `reasons.toml`, what to look at in the mail, and its share of the margin in nats."""

    code: str
    detail: str = ""
    contribution: float | None = None


@dataclass(frozen=True)
class Opinion:
    """What one module beside the network thinks. It never enters the margin.

    `score` lies in [0, 1]; `distance` is how much score was missing before the module would have acted
    (0 when it acted); `hard` is a match that may decide MALICIOUS by itself, `review` one that a person must look at.
    """

    module: str
    score: float
    distance: float
    hard: bool = False
    reasons: tuple[Reason, ...] = ()
    review: bool = False


@dataclass(frozen=True)
class Probabilities:
    """The head's four probabilities; they add up to 1."""

    malicious: float
    spam: float
    bulk: float
    none: float


@dataclass(frozen=True)
class Counterfactual:
    """The margin (nats) had the message been reported by nobody, this reporter, a newcomer, a perfect one."""

    nobody: float
    this: float
    newcomer: float
    perfect: float


@dataclass(frozen=True)
class Verdict:
    """The model's opinion of one message. It has no disposition: policy gives that.

    `margin` and `base_margin` are signed distances to the malicious threshold in nats, with and without the
    reporters; `threshold` is where zero lies, in calibrated log-odds.
    """

    base_margin: float
    margin: float
    reporter_value: float
    probabilities: Probabilities
    reasons: tuple[Reason, ...]
    opinions: tuple[Opinion, ...]
    counterfactual: Counterfactual
    threshold: float
    checkpoint: str


class Predictor(Protocol):
    """A loaded checkpoint. Safe to share between threads."""

    checkpoint: str

    def predict(self, facts: Facts, reporter_value: float, target: float = 0.001) -> Verdict:
        """Score one message. `target` is the tenant's false-retraction rate; it picks the threshold."""
        ...

    def offered_targets(self) -> Sequence[float]:
        """The false-retraction targets that the checkpoint's calibration sample can support."""
        ...


@dataclass(frozen=True)
class Landing:
    """Where one link led when it was followed, and what the page there asks for. Everything in it is the sender's.

    `hosts` are those passed on the way, the last is the page's own. `kit` is a hash of how the page is built, empty
    when it is built of too little to tell; `known` says that a message judged malicious led to the same `page`, or to
    one of the same `kit`.
    """

    outcome: str  # reached, refused, unreachable, too-long, too-many-hops or no-page
    hosts: tuple[str, ...] = ()
    path: str = ""
    password: bool = False
    card: bool = False
    sends_to: str = ""  # the foreign host that a form with a secret field sends to
    brand: str = ""  # named by the page and not the owner of its host
    kit: str = ""
    known: str = ""

    @property
    def host(self) -> str:
        """The page's own host, or an empty string."""
        return self.hosts[-1] if self.hosts else ""


@dataclass(frozen=True)
class OwnRule:
    """A YARA source that the tenant wrote, what a match means, and what it says: malicious, suspicious or note."""

    name: str
    source: str
    meaning: str
    says: str


@dataclass(frozen=True)
class ModuleContext:
    """What a tenant's modules may know beside the facts of the message.

    `similar` maps the message ids of near-duplicates to (similarity in [0, 1], standing disposition). `landings` is
    empty unless the tenant lets links be followed.
    """

    trusted_senders: tuple[str, ...] = ()
    trusted_source_addresses: tuple[str, ...] = ()
    blocked_senders: tuple[str, ...] = ()
    acceptable_senders: tuple[str, ...] = ()
    verify_senders: tuple[str, ...] = ()
    trusted_domains: tuple[str, ...] = ()
    trusted_authserv_ids: tuple[str, ...] = ()
    simulation_tokens: tuple[str, ...] = ()  # hashed
    simulation_keys: tuple[str, ...] = ()  # public halves of Ed25519 keys, base64
    simulation_vendors: tuple[str, ...] = ()
    simulation_headers: tuple[str, ...] = ()
    simulation_domains: tuple[str, ...] = ()
    simulation_addresses: tuple[str, ...] = ()
    similar: Mapping[int, tuple[float, str]] = field(default_factory=dict)
    landings: tuple[Landing, ...] = ()
    own_rules: tuple[OwnRule, ...] = ()
