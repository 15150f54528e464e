"""Keywords: under which words does a search find what became of a report?

`phish_submission`, `user_malicious_submission`, `team_malicious_submission`, `{user|team}_{disposition}_submission`,
`phish_submission_response`: the words of the product whose searches people know.
"""

from sqlalchemy import Connection

from backend.domain.decision import Response
from backend.store import decisions, search, submissions


def set_keywords(tx: Connection, tenant_id: int, message_id: int) -> None:
    """Index the message under the words that hold now. The caller holds the message."""
    standing = decisions.standing(tx, tenant_id, message_id)
    kinds = {one.kind for one in submissions.of_message(tx, tenant_id, message_id)}
    words = ["phish_submission"]
    if standing:
        words += [f"{kind}_{standing.disposition.lower()}_submission" for kind in sorted(kinds)]
    if any(one.response is Response.RETRACT for one in decisions.all_of(tx, tenant_id, message_id)):
        words.append("phish_submission_response")
    search.set_keywords(tx, tenant_id, message_id, " ".join(words))
