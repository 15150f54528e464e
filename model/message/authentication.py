"""Authentication: what did the tenant's own gateway find out about the sender?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from model.message.domains import registrable
from model.message.facts import Address, Authentication
from model.message.headers import Headers

ANY = ("*",)  # the fullest instance, whoever wrote it: for training data only, serving never uses it
MICROSOFT = "microsoft"  # stands for Exchange Online, whose header names no authserv-id

_MOST_INSTANCES = 10
_METHOD = re.compile(r"^\s*([a-z][a-z0-9-]*)(?:/\d+)?\s*=\s*([a-z]+)")
_PROPERTY = re.compile(r"([a-z]+\.[a-z0-9-]+)\s*=\s*(\"[^\"]*\"|[^\s;\"]+)")
_SERVER = re.compile(r"^\s*\"?([^\s;=\"]+)\"?(?:\s+\d+)?\s*$")
_ADDRESS = r"([0-9a-f.:]{3,45})"
_SENDER_IP = re.compile(
    rf"\(sender ip is {_ADDRESS}\)"  # Microsoft
    # Google
    rf"|\([a-z0-9.]+: (?:best guess record for )?domain of [^\s()\"]+ designates {_ADDRESS} as permitted sender\)"
    rf"|(?:smtp\.(?:remote|client)-ip|policy\.iprev)={_ADDRESS}(?=[\s;(]|$)"
)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|\\.|[()]|[^"\\()]+|"')
_COMMENT = re.compile(r"\([^()]*+\)")
_UNSAFE = re.compile(r"[;=()\s\\]")
_WORDS = {"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror", "policy", "bestguesspass"}


@dataclass
class _Results:
    server: str
    spf: str = "unknown"
    spf_domain: str = ""
    dmarc: str = "unknown"
    dmarc_domain: str = ""
    dkim: str = "unknown"
    dkim_domains: list[str] = field(default_factory=list)
    contradictory: bool = False  # two different results of one kind: somebody smuggled one in


def read_authentication(headers: Headers, authserv_ids: Sequence[str], from_: Sequence[Address]) -> Authentication:
    """Results from the topmost header that a server in `authserv_ids` wrote; any other is forgeable and ignored."""
    trusted = {name.lower() for name in authserv_ids}
    if not trusted:
        return Authentication()

    if "*" in trusted:
        return _fullest(headers, from_)
    for header in headers.all("authentication-results"):
        value = header.lower()
        results = _read(value)
        if results.server in trusted:
            return _judge(results, from_, _source_address(value))
    return Authentication()


def _fullest(headers: Headers, from_: Sequence[Address]) -> Authentication:
    """The instance that says most, the topmost of several: later hops of a forwarded mail often check less."""
    values = [header.lower() for header in headers.all("authentication-results")[:_MOST_INSTANCES]]
    if not values:
        return Authentication()
    value, results = max(((value, _read(value)) for value in values), key=lambda found: _known(found[1]))
    return _judge(results, from_, _source_address(value))


def _known(results: _Results) -> int:
    return sum(word != "unknown" for word in (results.spf, results.dkim, results.dmarc))


def _source_address(value: str) -> str:
    """The address the gateway says it took the mail from. What stands in quotes is the sender's own choice."""
    quoted = '"' in value or "\\" in value
    unquoted = "".join("_" if piece[0] == '"' else piece for piece in _TOKEN.findall(value)) if quoted else value
    found = _SENDER_IP.search(unquoted)
    return next((address for address in found.groups() if address), "") if found else ""


def _read(value: str) -> _Results:
    statements = _without_comments(value).split(";")
    server = _SERVER.match(statements[0])
    nameless = MICROSOFT if _METHOD.match(statements[0]) else ""
    results = _Results(server=server.group(1) if server else nameless)

    for statement in statements[:50]:
        method = _METHOD.match(statement)
        if method:
            properties = {k: v.strip('"') for k, v in _PROPERTY.findall(statement)}
            _take(results, method.group(1), _word(method.group(2)), properties)
    return results


def _word(word: str) -> str:
    return {"bestguesspass": "none"}.get(word, word) if word in _WORDS else "unknown"


def _take(results: _Results, method: str, word: str, properties: dict[str, str]) -> None:
    if method in {"spf", "dmarc"} and getattr(results, method) not in {"unknown", word}:
        results.contradictory = True
    elif method == "spf":
        results.spf = word
        results.spf_domain = _domain(properties.get("smtp.mailfrom") or properties.get("smtp.helo", ""))
    elif method == "dmarc":
        results.dmarc = word
        results.dmarc_domain = _domain(properties.get("header.from", ""))
    elif method == "dkim":
        if results.dkim != "pass":
            results.dkim = word
        domain = _domain(properties.get("header.d") or properties.get("header.i", ""))
        if word == "pass" and domain and domain not in results.dkim_domains:
            results.dkim_domains.append(domain)


def _domain(value: str) -> str:
    domain = value.rpartition("@")[2].strip("<>. ")
    return "" if domain == "none" else domain[:253]


def _judge(results: _Results, from_: Sequence[Address], source: str) -> Authentication:
    return Authentication(
        authserv_id=results.server[:253],
        spf=results.spf,
        dkim=results.dkim,
        dmarc=results.dmarc,
        spf_domain=results.spf_domain,
        dkim_domains=tuple(results.dkim_domains[:20]),
        aligned=_aligned(results, from_),
        source_address=source,
    )


def _aligned(results: _Results, from_: Sequence[Address]) -> bool | None:
    """True needs exactly one From address: with two, nobody knows which of them the gateway looked at."""
    if results.spf == results.dkim == results.dmarc == "unknown":
        return None
    if results.contradictory or len(from_) != 1 or not from_[0].address:
        return False
    author = registrable(_domain(from_[0].address))
    if results.dmarc == "pass" and registrable(results.dmarc_domain or author) == author:
        return True
    if results.spf == "pass" and registrable(results.spf_domain) == author:
        return True
    return any(registrable(domain) == author for domain in results.dkim_domains)


def _without_comments(value: str) -> str:
    """The statements alone. Senders choose the quoted local parts, so nothing inside quotes may end a statement.

    Quotes that do not close make the whole header unreadable: better no result than one the sender wrote.
    """
    if '"' not in value and "\\" not in value:
        plain = _COMMENT.sub("", value)
        if "(" not in plain and ")" not in plain:
            return plain
    kept, depth = [], 0
    for piece in _TOKEN.findall(value):
        if piece == '"':
            return ""
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth -= 1
        elif not depth:
            kept.append(_UNSAFE.sub("_", piece) if piece[0] == '"' else piece)
        if depth < 0:
            return ""
    return "" if depth else "".join(kept)
