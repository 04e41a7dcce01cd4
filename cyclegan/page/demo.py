"""The whole page: title, tabs, and the look of both; `build_demo` returns it ready to launch."""

from collections.abc import Callable, Sequence
from pathlib import Path

import gradio as gr

from ..core import palette
from ..core.markup import SHEETS
from ..labs.live import Director
from ..store.formats import MAX_BYTES
from . import ablation_tab, api, film_tab, models_tab, train_tab, translate_tab
from .hosting.desk import Desk
from .hosting.house import House
from .hosting.visitors import MAKE_KEY
from .library import Library
from .markup import script
from .story import Place, Stories

FORGET_EVERY, FORGET_AFTER = 600, 4 * 3600
"""Seconds: how often uploads and downloads are looked through, and after how long they go."""

SESSIONS = 1000
"""Tabs whose state is kept; of more, the one used longest ago begins anew. New ones are counted."""

CSS = [*SHEETS, *sorted((Path(__file__).parent / "styles").glob("*.css"))]

READABLE = gr.themes.sizes.Size("13px", "13px", "13px", "14px", "16px", "22px", "26px")
"""The library's sizes of words, with no smaller ones than 13 pixels."""

THEME = gr.themes.Base(
    primary_hue=palette.HUE,
    neutral_hue=palette.NEUTRAL,
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
    radius_size=gr.themes.sizes.radius_md,
    text_size=READABLE,
).set(
    # Small words that the library sets too faint.
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_400",
    input_placeholder_color="*neutral_600",
    input_placeholder_color_dark="*neutral_400",
    link_text_color_dark="*secondary_400",
    link_text_color_visited_dark="*secondary_400",
    link_text_color_visited="*secondary_600",
    # White words need a darker orange behind them than the library's.
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_dark="*primary_700",
    button_primary_background_fill_hover_dark="*primary_800",
)


def build_demo(
    library: Library,
    on_device: Callable = lambda function: function,
    desk: Desk | None = None,
    run_roots: Sequence[Path] = (),
    director: Director | None = None,
) -> gr.Blocks:
    """The page over a library of checkpoint sets (at least one).

    on_device: wraps the function that runs networks (`spaces.GPU` on a ZeroGPU Space).
    desk: what visitors may do; without one, all that does not touch this machine. run_roots:
    folders below which training runs are offered with their curves. director: of live trainings,
    or None where nothing may be trained. Launch the page with `launch_options(demo)`.
    """
    desk = desk or Desk(House())
    with gr.Blocks(
        title="What does cycle consistency do?",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(FORGET_EVERY, FORGET_AFTER),
    ) as demo:
        stories = Stories(library, trains=director is not None)
        bar = gr.HTML(
            stories.bar(Place()),
            elem_id="story",
            js_on_load=script("story") + script("arrows"),
            apply_default_css=False,
        )
        # The same in every page that is ever opened here: a visitor's things outlive a restart.
        visitor = gr.BrowserState(None, storage_key="cyclegan-visitor", secret="cyclegan")
        with gr.Tabs() as tabs:
            with gr.Tab("Translate", id="translate") as translate:
                translating = translate_tab.build(
                    library, on_device, desk, visitor, tabs, bar, stories
                )
            with gr.Tab("Film", id="film") as film:
                cinema = film_tab.build(library, director, desk, visitor)
            with gr.Tab("Ablation", id="ablation") as ablation:
                laboratory = ablation_tab.build(library, on_device, translating.passed, run_roots)
            with gr.Tab("Train", id="train") as train:
                opening = translating.open_when
                training = train_tab.build(library, director, desk, visitor, opening)
            with gr.Tab("Models", id="models") as model:
                shelf = models_tab.build(library, desk, visitor, opening)
        # What the browser does alone comes first: on the same event it would wait for an answer.
        for other in (translate, film, ablation, model):
            training.rest_when(other.select)
        training.look_when(train.select)
        laboratory.show_when(ablation.select)
        cinema.look_when(film.select)
        translating.keep_when(translate.select)
        api.build(library, on_device, desk)

        def on_arrival(key: str | None, visit: gr.Request):
            """Who comes again finds what they opened."""
            who = desk.who(key, visit)
            desk.visitors.arrive(who, visit.query_params.get("host"))
            if not desk.visitors.models(who):
                return gr.skip(), gr.skip()
            return gr.Dropdown(choices=translating.choices(who)), shelf.of_visitor(who)

        translating.arrive(demo.load)
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        demo.load(None, visitor, visitor, js=MAKE_KEY, api_visibility="private").then(
            on_arrival, visitor, [translating.sets, shelf.shelf], **quiet
        )
    # How many may wait is counted by tab and client, at the gate.
    demo.queue(default_concurrency_limit=4, max_size=None, api_open=False)
    desk.teller.tell_all(demo.fns.values())
    demo.desk = desk
    return demo


def launch_options(demo: gr.Blocks) -> dict:
    """What belongs to `launch()` in Gradio 6 rather than to the Blocks."""
    desk: Desk = demo.desk
    return {
        "theme": THEME,
        "css": palette.css(),
        "css_paths": CSS,
        "footer_links": ["api", "gradio"],
        "run_history": False,
        "ssr_mode": False,
        "max_file_size": MAX_BYTES if desk.house.private else desk.limits.upload,
        "state_session_capacity": SESSIONS,
        # Those that wait for their turn at a network wait in threads, which cost little.
        "max_threads": 200,
        "app_kwargs": {"middleware": [desk.middleware(demo)]},
    }
