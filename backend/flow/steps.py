"""Steps: which function takes a submission, or a retraction, on from the state it is in?"""

from collections.abc import Callable, Mapping

from backend.domain.retraction import RetractionState
from backend.domain.submission import State
from backend.flow.decide import decide
from backend.flow.fetch import fetch
from backend.flow.parse import parse
from backend.flow.respond import respond
from backend.flow.restore import restore
from backend.flow.retract import retract
from backend.flow.score import score
from backend.flow.withdraw import unwind
from backend.services import Services
from backend.store import retractions, submissions

Step = Callable[[Services, int], None]

SUBMISSION_STEPS: Mapping[State, Step] = {
    State.RECEIVED: fetch,
    State.FETCHED: parse,
    State.PARSED: score,
    State.SCORED: decide,
    State.DECIDED: respond,
    State.WITHDRAWING: unwind,
}
RETRACTION_STEPS: Mapping[RetractionState, Step] = {
    RetractionState.RUNNING: retract,
    RetractionState.RESTORING: restore,
}


def run_submission(services: Services, submission_id: int) -> None:
    """Take a submission as far as it goes: each step claims it anew, so this may run anywhere, any number of times."""
    for _ in SUBMISSION_STEPS:
        with services.database.read() as tx:
            state = submissions.state_of(tx, submission_id)
        step = SUBMISSION_STEPS.get(state) if state else None
        if step is None:
            return
        step(services, submission_id)


def run_retraction(services: Services, retraction_id: int) -> None:
    """Work on a retraction or its undo, whichever it is waiting for."""
    with services.database.read() as tx:
        state = retractions.state_of(tx, retraction_id)
    step = RETRACTION_STEPS.get(state) if state else None
    if step:
        step(services, retraction_id)
