"""Claim: who works on this submission now, and what happens when the work goes wrong?"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog

from backend.domain.submission import State, Submission
from backend.errors import StoreUnavailable, UnhookError
from backend.services import Services
from backend.store import submissions
from connectors.errors import Refused, TryLater

_LONGEST_WAIT = 300.0

log = structlog.get_logger()


@contextmanager
def claimed(services: Services, submission_id: int, state: State) -> Iterator[Submission | None]:
    """Hold the submission while the step works; None if it is elsewhere or already past `state`.

    TryLater gives it back for later; a refusal ends it with its cause; anything else is recorded, tried again a
    limited number of times, and raised. Only class names are kept of unforeseen errors: texts may quote mail.
    """
    with services.database.begin() as tx:
        submission = submissions.claim(tx, submission_id, state, services.now(), lease(services))
    if submission is not None and submission.attempts > services.settings.max_attempts:
        _fail(services, submission, submission.cause or f"gave up after {submission.attempts - 1} tries")
        submission = None
    if submission is None:
        yield None
        return

    try:
        yield submission
    except TryLater as error:
        _try_again(services, submission, str(error), error.after_seconds)
    except StoreUnavailable as error:
        _try_again(services, submission, str(error), 0)
    except (Refused, UnhookError) as error:
        _fail(services, submission, str(error))
    except Exception as error:
        _try_again(services, submission, f"unexpected {type(error).__name__} after {state}", 0)
        raise
    except BaseException as error:
        if not is_panic(error):
            raise
        _try_again(services, submission, f"a library panicked after {state}", 0)


def is_panic(error: BaseException) -> bool:
    """A panic inside a Rust library is no Exception, yet it must not take the worker's thread with it."""
    return type(error).__name__ == "PanicException"


def lease(services: Services) -> timedelta:
    """How long a step may hold a row: longer than the slowest step."""
    return timedelta(seconds=services.settings.lease_seconds)


def wait_before(attempt: int, wished: float = 0) -> float:
    """Seconds to wait before the next try: doubling from one second, never below the provider's wish."""
    return max(wished, min(2.0 ** (attempt - 1), _LONGEST_WAIT))


def _try_again(services: Services, submission: Submission, cause: str, wished: float) -> None:
    if submission.attempts >= services.settings.max_attempts:
        _fail(services, submission, cause)
        return
    seconds = wait_before(submission.attempts, wished)
    with services.database.begin() as tx:
        released = submissions.release(tx, submission, cause, services.now() + timedelta(seconds=seconds))
    if released:
        log.warning("put back", submission=submission.id, state=submission.state, attempt=submission.attempts)
        services.wake.submission(submission.id, after_seconds=seconds)


def _fail(services: Services, submission: Submission, cause: str) -> None:
    with services.database.begin() as tx:
        submissions.fail(tx, submission, cause, services.now())
    log.error("failed", submission=submission.id, state=submission.state)
