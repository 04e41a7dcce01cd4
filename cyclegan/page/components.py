"""Gradio components that this page needs otherwise than Gradio ships them."""

from typing import Any

import gradio as gr


def picture_input(**options: Any) -> gr.Image:
    """An image input that hands the uploaded file over as it is.

    Gradio would decode it first, and answer a damaged file or a bomb with a stack trace;
    `images.load` knows what to say. (A subclass would have Gradio write a .pyi file beside it.)
    Handlers that put something out to it give a value: an update, gr.skip() too, has Gradio build
    the visitor's component anew, without this.
    """
    component = gr.Image(**options)
    component.preprocess = lambda payload: payload.path if payload else None
    return component
