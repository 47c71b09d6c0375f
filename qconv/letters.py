"""Letters for terminals that do not have all: a wire is drawn with `-` there, instead of ending the program."""

import codecs
import io
import sys
import unicodedata

_SIMILAR = {
    "─": "-",
    "│": "|",
    "┼": "+",
    "●": "*",
    "○": "o",
    "×": "x",
    "⟨": "<",
    "⟩": ">",
    "θ": "t",
    "…": ".",
    "†": "^",
}
"""One letter for one, so that drawings keep their columns."""


def replace_missing_letters() -> None:
    """Whatever is printed from now on, letters that standard output or error lack are replaced by similar ones."""
    codecs.register_error("qconv.letters", _similar)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a program that runs this one may have put something else there
            stream.reconfigure(errors="qconv.letters")


def _similar(error: UnicodeError) -> tuple[str, int]:
    """What stands for the letters that cannot be encoded, `?` where nothing is similar."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    similar = (_SIMILAR.get(letter) or unicodedata.normalize("NFKD", letter)[0] for letter in missing)
    return "".join(letter if letter.isascii() else "?" for letter in similar), error.end
