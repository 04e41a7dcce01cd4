"""One place where whatever goes wrong becomes a sentence.

What was foreseen has one of its own. Whatever else is raised gets a number, under which the host
finds its traceback in the log. Visitors of a hosted page see no paths of its machine.
"""

import functools
import inspect
import logging
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import gradio as gr

from ...core.config import ConfigError
from ...core.files import FileError
from ...core.films.parts import FilmError
from ...core.pictures import ImageError
from ...core.sound import SoundError
from ...labs.live import ControlError
from ...lessons import DataError
from ...store.checkpoints import CheckpointError
from ...training.runs import RunError
from ..markup import render


class RefusedError(ValueError):
    """A visitor has had enough for now, or may not do this; the message says so."""


FORESEEN = (
    *(RefusedError, ConfigError, ControlError, CheckpointError, DataError, FileError, ImageError),
    *(FilmError, RunError, SoundError),
)
"""What says in its own words what was wrong."""

_PATH = re.compile(r"(?<![\w:/.~-])(?:~|[A-Za-z]:)?(?:[/\\][\w.+@~-]+)+[/\\]([\w.+@~-]+)")
"""A path of the machine from its root; its last part stays. Addresses (https://…) are none."""


def without_paths(sentence: str) -> str:
    """A sentence without where things lie on this machine."""
    roots = {Path.cwd(), Path.home(), Path(tempfile.gettempdir()), Path(sys.prefix)}
    # One may lie within another: the longest first.
    for root in sorted(roots, key=lambda root: -len(str(root))):
        if root != Path(root.anchor):  # These may have spaces.
            sentence = sentence.replace(f"{root}{os.sep}", "")
    return _PATH.sub(r"\1", sentence)


class Teller:
    """Tells errors. with_paths: to somebody at this machine, to whom its paths say something."""

    def __init__(self, with_paths: bool):
        self._with_paths = with_paths

    def sentence(self, error: BaseException) -> str:
        """For the visitor; what was not foreseen is logged."""
        if isinstance(error, gr.Error):
            return str(error.message)
        if not isinstance(error, FORESEEN):
            return self._unforeseen(error)
        return str(error) if self._with_paths else without_paths(str(error))

    def _unforeseen(self, error: BaseException) -> str:
        if isinstance(error, OSError) and self._with_paths and error.strerror:
            return f"{error.filename or 'A file'}: {error.strerror}."
        number = secrets.token_hex(3)
        logging.error("Error %s:", number, exc_info=error)
        return f"Something went wrong here that nobody foresaw; the log knows it as {number}."

    def tell(self, function: Callable) -> Callable:
        """`function`, whose errors reach the page as sentences."""
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def told(*given, **named):
                try:
                    yield from function(*given, **named)
                except Exception as error:
                    raise self._raised(error) from error
        else:

            @functools.wraps(function)
            def told(*given, **named):
                try:
                    return function(*given, **named)
                except Exception as error:
                    raise self._raised(error) from error

        return told

    def tell_all(self, functions: Iterable) -> None:
        """Of Gradio's functions, those that run here."""
        for function in functions:
            if function.fn is not None:
                function.fn = self.tell(function.fn)

    def _raised(self, error: Exception) -> gr.Error:
        if isinstance(error, gr.Error):
            error.print_exception = False
            return error
        return gr.Error(as_text(self.sentence(error)), print_exception=False)


def inform(sentence: str, title: str) -> None:
    """Something over the page that is no fault."""
    gr.Info(as_text(sentence), duration=30, title=title)


def as_text(sentence: str) -> str:
    """For messages over the page, in which Gradio would show tags as HTML."""
    return render("common.text", text=sentence)
