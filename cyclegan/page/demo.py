"""The whole page: title, tabs, and the look of both; `build_demo` returns it ready to launch."""

from collections.abc import Callable, Sequence
from pathlib import Path

import gradio as gr

from ..core import palette
from ..labs.live import Director
from ..store.formats import MAX_BYTES
from . import ablation_tab, api, models_tab, train_tab, translate_tab
from .library import Library
from .models_tab import Access

WAITING = 256
"""Clicks that wait at most; more are refused, with Gradio's sentence that the page is busy. A
visitor's tab has six in the queues at most, and rarely more than one."""

FORGET_EVERY, FORGET_AFTER = 600, 4 * 3600
"""Seconds: how often uploads and downloads are looked through, and after how long they go."""

SESSIONS = 256
"""Tabs whose state is kept; of more, the one used longest ago begins anew. Until then Gradio keeps
what a tab shows, a few MB with a large picture."""

CSS = Path(__file__).with_name("style.css")

THEME = gr.themes.Base(
    primary_hue=palette.HUE,
    neutral_hue=palette.NEUTRAL,
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


def build_demo(
    library: Library,
    on_device: Callable = lambda function: function,
    access: Access = Access(),  # noqa: B008 (frozen)
    run_roots: Sequence[Path] = (),
    director: Director | None = None,
) -> gr.Blocks:
    """The page over a library of checkpoint sets (at least one).

    on_device: wraps the function that runs networks (`spaces.GPU` on a ZeroGPU Space).
    access: what visitors may open. run_roots: folders below which training runs are offered with
    their curves. director: of live trainings, or None where nothing may be trained. Launch the
    page with `launch_options()`.
    """
    with gr.Blocks(
        title="What does cycle consistency do?",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(FORGET_EVERY, FORGET_AFTER),
    ) as demo:
        gr.HTML(INTRODUCTION, apply_default_css=False)
        own = gr.State([])
        with gr.Tabs() as tabs:
            with gr.Tab("Translate", id="translate") as translate:
                open_in_translate = translate_tab.build(library, on_device, own, tabs)
            with gr.Tab("Ablation", id="ablation") as ablation:
                show_when = ablation_tab.build(library, on_device, run_roots)
                show_when(ablation.select)
            with gr.Tab("Train", id="train") as train:
                look_when, timer = train_tab.build(
                    library, director, access, own, open_in_translate
                )
                look_when(train.select)
            with gr.Tab("Models", id="models") as model:
                models_tab.build(library, access, own, open_in_translate)
            for other in (translate, ablation, model):
                other.select(lambda: gr.Timer(active=False), None, timer, api_visibility="private")
        api.build(library, on_device)
    demo.queue(default_concurrency_limit=4, max_size=WAITING)
    return demo


def launch_options() -> dict:
    """What belongs to `launch()` in Gradio 6 rather than to the Blocks."""
    return {
        "theme": THEME,
        "css": palette.css(),
        "css_paths": CSS,
        "footer_links": ["api", "gradio"],
        "run_history": False,
        "ssr_mode": False,
        "max_file_size": MAX_BYTES,
        "state_session_capacity": SESSIONS,
    }
