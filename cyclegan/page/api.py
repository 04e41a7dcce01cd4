"""The endpoints for `gradio_client`, one item through one variant: `/translate` for pictures,
`/translate_sound` for recordings."""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from ..core.media import PICTURES, Medium
from ..inference.translator import Translation
from .components import picture_input
from .hosting.desk import Desk
from .hosting.errors import RefusedError
from .library import Library
from .sets import Variant

OUTPUTS = ("translation", "reconstruction", "identity")


def build(library: Library, on_device: Callable, desk: Desk) -> None:
    """Add to the current Blocks an endpoint for each kind of item that any variant takes."""
    variants = {
        f"{title}/{variant.source.name}": variant
        for title in library.offered
        for variant in library.sets[title].variants
        if not library.sets[title].is_from_noise
    }
    pictures = {name: v for name, v in variants.items() if v.lesson.medium is PICTURES}
    sounds = {name: v for name, v in variants.items() if v.lesson.medium.is_heard}

    def opened(path: str, variant: Variant) -> Any:
        """As networks are shown it, remembered."""
        medium = variant.lesson.medium
        if medium.is_heard:
            return library.recording(path, medium, "The file").clip
        return library.upload(path, "The file").picture

    @on_device
    def run(name: str, path: str, direction: str) -> Translation:
        variant = variants[name]
        return library.translate(variant, opened(path, variant), direction)

    def translated(known: dict, path: str, name: str, direction: str, visit: gr.Request):
        """A translation, and its errors by name."""
        if name not in known:
            raise RefusedError(f"There is no such variant; valid are {', '.join(known)}.")
        directions = known[name].directions
        if direction not in directions:
            raise RefusedError(f"There is no such direction; valid are {' and '.join(directions)}.")
        if not path:
            raise RefusedError(f"There is no {known[name].lesson.medium.called} to translate.")
        desk.check("translated", visit)
        opened(path, known[name])
        made = library.in_turn("guests", run, name, path, direction, turn=desk.turn(visit))
        return made, {"cycle_error": made.cycle_error, "identity_error": made.identity_error}

    def translate(image: str, variant: str, direction: str, visit: gr.Request):
        """Translate one picture with one variant.

        image: a picture file. variant: "SET/VARIANT", by the names of their folders.
        direction: "xy" for G(x), F(G(x)), F(x), or "yx" for F(y), G(F(y)), G(y).
        Returns translation, reconstruction and identity output as PNG files, None where a variant
        has no such output, and the errors in 0–255 units.
        """
        made, errors = translated(pictures, image, variant, direction, visit)
        return *(getattr(made, name) for name in OUTPUTS), errors

    def translate_sound(audio: str, variant: str, direction: str, visit: gr.Request):
        """Translate one recording with one variant.

        audio: a sound file, or a film's. variant, direction: as of /translate. Silence is cut, and
        the first 15 s of speech are taken. Returns translation, reconstruction and identity output
        as FLAC files, None where a variant has no such output, and the errors in dB.
        """
        made, errors = translated(sounds, audio, variant, direction, visit)
        medium = variants[variant].lesson.medium
        files = (_file(name, getattr(made, name), medium) for name in OUTPUTS)
        return *files, errors

    with gr.Group(visible=False):
        if pictures:
            made = [gr.Image(label=name, format="png") for name in OUTPUTS]
            _add(translate, picture_input(label="image"), made, pictures)
        if sounds:
            made = [gr.File(label=name) for name in OUTPUTS]
            _add(translate_sound, gr.Audio(label="audio", type="filepath"), made, sounds)


def _add(
    function: Callable, given: gr.components.Component, made: list, variants: dict[str, Variant]
) -> None:
    """Under the function's own name, where one of `variants` is asked for."""
    # Of the set that opens first the one with all of its method's switches on.
    first = next(iter(variants)).rpartition("/")[0]
    those = [name for name in variants if name.rpartition("/")[0] == first]
    default = max(those, key=lambda name: variants[name].switches)
    gr.Button().click(
        function,
        [given, gr.Textbox(default, label="variant"), gr.Textbox("xy", label="direction")],
        [*made, gr.JSON(label="errors")],
        api_name=function.__name__,
        concurrency_id="translate",
        concurrency_limit=2,
    )


def _file(name: str, item: Any, medium: Medium) -> str | None:
    """Where an item is kept, as long as what visitors sent."""
    if item is None:
        return None
    return save_bytes_to_cache(medium.written(item), name + medium.ending, get_upload_folder())
