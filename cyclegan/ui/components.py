"""Gradio components that this page needs otherwise than Gradio ships them."""

import gradio as gr


class PictureInput(gr.Image):
    """An image input that hands the file over as it is: `images.load` knows what to say of it."""

    is_template = True

    def preprocess(self, payload) -> str | None:
        return payload.path if payload else None
