"""Collector: how little does Python's garbage collector have to do in a process that scores mails?"""

import gc

_NEW = 20_000  # objects; a batch of mails makes fewer, and counting references frees nearly all of them


def spare() -> None:
    """From here on, pass by what is loaded already, and wait for many new objects instead of 700.

    Otherwise a twentieth of the time goes into looking the network and the libraries over again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW)
