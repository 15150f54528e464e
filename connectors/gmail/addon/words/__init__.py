"""Words: in which language does the add-on speak? The sentences are those of the Outlook add-in."""

import re

from connectors.gmail.addon.words.de import DE
from connectors.gmail.addon.words.en import EN
from connectors.gmail.addon.words.es import ES
from connectors.gmail.addon.words.fr import FR
from connectors.gmail.addon.words.ja import JA
from connectors.gmail.addon.words.pt import PT
from connectors.gmail.addon.words.words import Words

__all__ = ["LANGUAGES", "Words", "words_for"]

LANGUAGES = {"en": EN, "de": DE, "fr": FR, "es": ES, "pt": PT, "ja": JA}


def words_for(locale: str) -> Words:
    """The words for `pt-BR` or `pt_BR`; English for a language that nobody has written yet."""
    return LANGUAGES.get(re.split("[-_]", locale, maxsplit=1)[0].lower(), EN)
