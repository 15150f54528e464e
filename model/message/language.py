"""Language: which one is the visible text written in?"""

from resiliparse.parse.lang import detect_fast

_TOO_LITTLE = 60  # characters; below it every guess is noise
_TOO_FAR = 1_000  # the library's distance; above it the text is no language it knows well


def guess_language(text: str) -> str:
    """An ISO 639-1 code, or an empty string when there is too little text or no clear answer."""
    sample = text[:1_500]
    if len(sample) < _TOO_LITTLE:
        return ""
    language, _distance = detect_fast(sample, cutoff=_TOO_FAR)
    return "" if language == "unknown" else str(language)
