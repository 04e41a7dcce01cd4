"""The whole page: title, tabs, and the look of both; `build_demo` returns it ready to launch."""

from collections.abc import Callable
from pathlib import Path

import gradio as gr

from . import api, translate_tab
from .library import Library

CSS = Path(__file__).with_name("style.css")

THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.orange,
    neutral_hue=gr.themes.colors.zinc,
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
    radius_size=gr.themes.sizes.radius_md,
)

INTRODUCTION = """
<header class="title">
<h1>What does cycle consistency do?</h1>
<p>CycleGAN learns to turn pictures of one kind into another from <em>unpaired</em> examples; its
cycle loss asks that the way there and back end where it began. Below, the same networks, trained
on the same data from the same seed, with that loss and without it.</p>
</header>
"""


def build_demo(library: Library, on_device: Callable = lambda function: function) -> gr.Blocks:
    """The page over a library of checkpoint sets (at least one).

    on_device: wraps the function that runs networks (`spaces.GPU` on a ZeroGPU Space).
    Launch it with `launch_options()`.
    """
    with gr.Blocks(
        title="What does cycle consistency do?", analytics_enabled=False, fill_width=True
    ) as demo:
        gr.HTML(INTRODUCTION, apply_default_css=False)
        with gr.Tabs(), gr.Tab("Translate"):
            translate_tab.build(library, on_device)
        api.build(library, on_device)
    demo.queue(default_concurrency_limit=4, max_size=64)
    return demo


def launch_options() -> dict:
    """What belongs to `launch()` in Gradio 6 rather than to the Blocks."""
    return {
        "theme": THEME,
        "css_paths": CSS,
        "footer_links": ["api", "gradio"],
        "run_history": False,
        "ssr_mode": False,
        "max_file_size": "40mb",
    }
