"""Other people's words in Markdown: as text, as code, and never as anything else.

For what a card or a report repeats of files that somebody else may have written. Knows neither.
"""

import re

ACTIVE = re.compile(
    r"""[\\`*_\[\]|~]     # emphasis, code, links, pictures, cells of a table
    | <(?=[A-Za-z/!?])    # tags, comments, <https://…>
    | &(?=\#?\w+;)        # entities""",
    re.VERBOSE,
)


def plain(text: object) -> str:
    """Words within a line, which Markdown shows as they are."""
    return ACTIVE.sub(r"\\\g<0>", " ".join(str(text).split()))


def code(text: object) -> str:
    """Words within a line as code, in a table as well."""
    words = " ".join(str(text).split()).replace("|", r"\|")
    ticks = _longer_than_in(words, 1)
    space = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{ticks}{space}{words}{space}{ticks}"


def fenced(text: str, language: str = "") -> str:
    """Lines of code."""
    ticks = _longer_than_in(text, 3)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _longer_than_in(text: str, least: int) -> str:
    """Backticks that none within the text close."""
    return "`" * max(least, *(len(run) + 1 for run in re.findall("`+", text) or [""]))
