"""Errors of the backend, each a class because its caller treats it differently.

UnhookError
  + NotIdentified     nobody we know sent this (401)
  + NotAllowed        this person or operator may not do that (403)
  + Unknown           there is no such thing, or not for this tenant (404)
  + Conflict          not in the state it is in now (409)
  + BadInput          what came in cannot be used; the text says what to do (400)
  + TooLarge          over a size limit (413)
  + StoreUnavailable  nothing could be kept: nothing was acknowledged (503)
"""


class UnhookError(Exception):
    """A refusal with a sentence for the person who asked; values have names in it, so that pages can translate it."""

    def __init__(self, sentence: str = "", **values: object) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence = sentence
        self.values = values


class NotIdentified(UnhookError):
    """Nobody we know sent this."""


class NotAllowed(UnhookError):
    """This person or operator may not do that."""


class Unknown(UnhookError):
    """There is no such thing, or not for this tenant."""


class Conflict(UnhookError):
    """Not possible in the state it is in now."""


class BadInput(UnhookError):
    """What came in cannot be used; the text says what to do."""


class TooLarge(UnhookError):
    """Over a size limit."""


class StoreUnavailable(UnhookError):
    """Nothing could be kept, so nothing was acknowledged."""
