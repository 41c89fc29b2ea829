"""The door to py3langid: how likely each language is for a text in Latin, Cyrillic, Arabic or Devanagari letters.

In: a short text. Out: languages with their likelihood, best first. Never: imported before a text needs it, since the model
takes half a second and 90 MB; the import system sees to it that it is read once, whichever thread comes first.
"""

from __future__ import annotations

import lzma

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_LANGUAGES = (
    "af am ar az ba be bg bn ca cs cy da de en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk ko ku ky lb lt lv mk"
    " mn mr ms mt ne nl no pl ps pt ro ru rw sd si sk sl so sq sr sv sw ta te tg th tk tl tr tt ug uk ur uz vi zh"
)
"""What the model is asked about: languages in which news is published, without those that it finds where English or Spanish
is (Latin, Nigerian Pidgin, Aragonese) and without dialects that we call by the language's name."""


def _read() -> LanguageIdentifier | None:
    """The library's own model; None where it cannot be unpacked, for which it wants room for a temporary file."""
    try:
        whole = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except (OSError, lzma.LZMAError, ValueError):
        return None
    whole.set_languages([one for one in _LANGUAGES.split() if one in whole.labels])
    # Made anew from its parts, it lets go of the other languages' numbers: 27 MB.
    return LanguageIdentifier(
        whole.nb_ptc,
        whole.nb_pc,
        whole.nb_classes,
        whole.tk_nextmove,
        whole.tk_output,
        norm_probs=True,
        tk_row=whole.tk_row,
    )


_IDENTIFIER = _read()


def likelihoods(text: str) -> list[tuple[str, float]]:
    """Languages and their shares of 1, best first; nothing where the model cannot be had.

    Takes time in proportion to the text (0.1 ms for 200 characters), so the caller bounds it.
    """
    if _IDENTIFIER is None:
        return []
    ranked: list[tuple[str, float]] = _IDENTIFIER.rank(text)
    return ranked
