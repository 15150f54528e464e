"""Catalogue: how is a sentence said in another language, where no page is being answered?"""

from functools import cache
from importlib.resources import files

from babel.support import NullTranslations, Translations


def say(sentence: str, language: str) -> str:
    """The sentence in this language, in English where nobody has translated it."""
    return _catalogue(language).ugettext(sentence)


@cache
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(str(files("backend").joinpath("web/translations")), [language])
