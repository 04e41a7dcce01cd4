"""Gradio components that this page needs otherwise than Gradio ships them."""

import time
from abc import ABCMeta
from collections.abc import Callable
from typing import Any

import gradio as gr

from .hosting.errors import RefusedError
from .markup import script

CHOOSE = script("choose")
"""Of an HTML component: a click on a button in it with data-index is a click event with it."""


PRIVATE = {"trigger_mode": "always_last", "api_visibility": "private"}
"""Of an event: a click while another is under way is not lost, the last one counts."""

QUICK = {**PRIVATE, "concurrency_id": "quick", "show_progress": "hidden"}

NETWORKS = {**PRIVATE, "concurrency_id": "networks", "concurrency_limit": 64}
"""The library's threads take one at a time of each kind; who waits for a slow one of a visitor's
own kind of network holds up nobody at the queue."""


def wish() -> int:
    """A value that a state has not had before, so that its change sets something off."""
    return time.monotonic_ns()


def save_file(button: str) -> str:
    """Script that presses a hidden download button, by its id."""
    return f"() => document.getElementById('{button}').click()"


def picture_input(**options: Any) -> gr.Image:
    """An image input that hands the uploaded file over as it is.

    Gradio would decode it first, and answer a damaged file or a bomb with a stack trace;
    `pictures.load` knows what to say.
    """
    return _reading(gr.Image(**options), lambda payload: payload.path if payload else None)


def index_of(event: gr.EventData, count: int) -> int:
    """Which of `count` things was clicked; raises RefusedError where that is none of them."""
    index = event._data.get("index") if isinstance(event._data, dict) else None
    if not isinstance(index, int) or not 0 <= index < count:
        raise RefusedError("There is no such thing to choose here any more.")
    return index


def open_choice(component: gr.Dropdown | gr.Radio | gr.CheckboxGroup):
    """A choice among what changes for each visitor, which its handlers judge.

    Gradio would hold a value against the choices that it remembers for a tab. It forgets tabs, and
    would then refuse every event that has the component among its inputs.
    """
    return _reading(component, _short_texts)


def _reading(component: gr.components.Component, preprocess: Callable[[Any], Any]):
    """`component`, which reads what comes from a browser by `preprocess`.

    Of its class and not of it alone: with every update that a handler puts out, Gradio builds the
    visitor's component anew by its class.
    """
    kind = type(component)
    own = {"preprocess": staticmethod(preprocess), "__module__": kind.__module__}
    # Of the library's name, by which browsers know it; and not through its metaclass, which would
    # write a .pyi file beside the class.
    component.__class__ = ABCMeta.__new__(type(kind), kind.__name__, (kind,), own)
    return component


def _short_texts(payload: Any) -> Any:
    listed = payload if isinstance(payload, list) else [payload]
    fine = all(isinstance(value, str | int | float | None) for value in listed)
    if not fine or len(listed) > 100 or any(len(str(value)) > 300 for value in listed):
        raise gr.Error("This choice cannot be read.", print_exception=False)
    return payload
