"""The endpoint `/translate` for `gradio_client`: one picture through one variant."""

from collections.abc import Callable

import gradio as gr

from ..core.media import PICTURES
from .components import picture_input
from .hosting.desk import Desk
from .hosting.errors import RefusedError
from .library import Library


def build(library: Library, on_device: Callable, desk: Desk) -> None:
    """Add the endpoint to the current Blocks, if any variant takes pictures."""
    by_name = {
        f"{title}/{variant.source.name}": variant
        for title in library.offered
        for variant in library.sets[title].variants
        if variant.lesson.medium is PICTURES and not library.sets[title].is_from_noise
    }
    if not by_name:
        return

    @on_device
    def run(name: str, path: str, direction: str):
        picture = library.upload(path, "The file").picture
        return library.translate(by_name[name], picture, direction)

    def translate(image: str, variant: str, direction: str, visit: gr.Request):
        """Translate one picture with one variant.

        image: a picture file. variant: "SET/VARIANT", by the names of their folders.
        direction: "xy" for G(x), F(G(x)), F(x), or "yx" for F(y), G(F(y)), G(y).
        Returns translation, reconstruction and identity output as PNG files, None where a variant
        has no such output, and the errors in 0–255 units.
        """
        if variant not in by_name:
            raise RefusedError(f"There is no such variant; valid are {', '.join(by_name)}.")
        directions = by_name[variant].directions
        if direction not in directions:
            raise RefusedError(f"There is no such direction; valid are {' and '.join(directions)}.")
        if not image:
            raise RefusedError("There is no picture to translate.")
        desk.check("translated", visit)
        library.upload(image, "The file")
        made = library.in_turn("guests", run, variant, image, direction, turn=desk.turn(visit))
        errors = {"cycle_error": made.cycle_error, "identity_error": made.identity_error}
        return made.translation, made.reconstruction, made.identity, errors

    with gr.Group(visible=False):
        # The first one with all of its method's switches on.
        default = max(by_name, key=lambda name: by_name[name].switches)
        inputs = [
            picture_input(label="image"),
            gr.Textbox(default, label="variant"),
            gr.Textbox("xy", label="direction"),
        ]
        outputs = [
            gr.Image(label="translation", format="png"),
            gr.Image(label="reconstruction", format="png"),
            gr.Image(label="identity", format="png"),
            gr.JSON(label="errors"),
        ]
        gr.Button().click(
            translate,
            inputs,
            outputs,
            api_name="translate",
            concurrency_id="translate",
            concurrency_limit=2,
        )
