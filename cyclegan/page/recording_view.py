"""A visitor's own recording, by microphone or as a file: a part of the Translate tab.

A browser says nothing of a microphone that it refuses, and a script says it here. Knows Gradio;
what is in a recording is `core.sound`'s business.
"""

from dataclasses import dataclass

import gradio as gr

from .markup import render, script


@dataclass(frozen=True)
class Parts:
    """Of this part of the tab. frame: around all of it. given: the recording, as a file."""

    frame: gr.Column
    given: gr.Audio


def build(visible: bool) -> Parts:
    """Lay it out inside the current Blocks."""
    with gr.Column(visible=visible, min_width=0, elem_id="own-recording") as frame:
        # Its file as it is, which a process with walls decodes: no format, as Gradio would convert.
        given = gr.Audio(
            label="Your own recording",
            sources=["microphone", "upload"],
            type="filepath",
            elem_id="recording",
            buttons=[],
        )
        gr.HTML(
            render("recording.troubles"),
            elem_id="microphone",
            js_on_load=script("microphone"),
            apply_default_css=False,
        )
    return Parts(frame, given)
