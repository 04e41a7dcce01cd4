"""Measure drawing: `python -m bench.drawing [--json]`, with nothing else running.

Seconds in a real Chromium from the end of a stroke of the mouse until both rows show what was made
of it, medians and the slowest, and how many answers came in a second while it was drawn: for
examples of 64 and 128 pixels and a visitor's own picture of 256, the largest that is drawn on.
Needs requirements-dev.txt and a Chromium.
"""

import argparse
import json
import random
import statistics
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from bench.lens import PAINTED
from bench.page import URL, open_page

STROKES = 15
MOVES, EVERY = 40, 25
"""Of the mouse in a stroke, and milliseconds between two: a stroke of a second."""

LARGEST = 256

BEGIN = """() => {
  if (!window.counting) document.addEventListener('load', ({target}) => {
    if (target.matches?.('[data-view=original] figure > img')) window.answers++;
  }, true);
  const canvas = document.querySelector('.drawing-sheet canvas'), started = performance.now();
  Object.assign(window, {counting: true, answers: 0});
  canvas.addEventListener('pointerup', () => {
    window.ended = performance.now();
    window.rate = (1000 * window.answers) / (window.ended - started);
  }, {once: true});
}"""

ANSWERED = f"""async () => {{
  const canvas = document.querySelector('.drawing-sheet canvas'), {{width, height}} = canvas;
  const x = document.querySelector('#result [data-view=original] figure > img');
  const seen = Object.assign(document.createElement('canvas'), {{width, height}});
  const read = (of) => of.getContext('2d', {{willReadFrequently: true}})
    .getImageData(0, 0, width, height).data;
  const drawn = read(canvas), started = window.ended;
  const isThere = () => {{
    if (!x.complete || x.naturalWidth !== width) return false;
    seen.getContext('2d', {{willReadFrequently: true}}).drawImage(x, 0, 0);
    return read(seen).every((value, i) => value === drawn[i]);
  }};
  while (!isThere()) {{
    if (performance.now() - started > 60000) throw new Error('A stroke was not answered.');
    await new Promise(requestAnimationFrame);
  }}
  const shown = [...document.querySelectorAll('#result .loop img')];
  await Promise.all(shown.map((image) => image.decode()));
{PAINTED}}}"""


def strokes(page: Page, side: int) -> dict[str, float]:
    """On the picture that the page shows, of `side` pixels."""
    page.locator("#draw button").click()
    page.wait_for_function(
        "side => document.querySelector('.drawing-sheet canvas')?.width === side", arg=side
    )
    page.wait_for_timeout(1500)
    numbers, taken, rates = random.Random(0), [], []
    brushes = page.locator(".easel .brushes label")
    for number in range(STROKES + 1):
        brushes.nth(number % brushes.count()).click()
        box = page.locator(".drawing-sheet canvas").bounding_box()
        across, down = (numbers.uniform(0.1, 0.6) for _ in range(2))
        page.evaluate(BEGIN)
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        page.mouse.down()
        for move in range(MOVES):
            along = across + 0.3 * move / MOVES
            page.mouse.move(box["x"] + along * box["width"], box["y"] + down * box["height"])
            page.wait_for_timeout(EVERY)
        page.mouse.up()
        rates.append(page.evaluate("window.rate"))
        taken.append(page.evaluate(ANSWERED) / 1000)
    page.get_by_role("button", name="Done").click()
    # The first stroke meets networks that are not loaded.
    return {
        f"stroke_{side}_s": statistics.median(taken[1:]),
        f"slowest_stroke_{side}_s": max(taken[1:]),
        f"answers_a_second_{side}": statistics.median(rates[1:]),
    }


def measure() -> dict[str, float]:
    found = {}
    with open_page() as page, tempfile.TemporaryDirectory() as folder:
        page.set_default_timeout(120_000)
        found |= strokes(page, 64)
        page.goto(f"{URL}/?lesson=satellite2map")
        page.wait_for_selector("#examples [alt=Iberia]")
        found |= strokes(page, 128)
        own = Path(folder) / "own.png"
        Image.effect_noise((2 * LARGEST, 2 * LARGEST), 80).convert("RGB").save(own)
        page.locator("#upload input[type=file]").set_input_files(own)
        page.locator("#examples [aria-pressed=true]").wait_for(state="detached")
        found |= strokes(page, LARGEST)
    return {name: round(value, 3) for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.drawing", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    as_json = parser.parse_args().json
    found = measure()
    print(json.dumps(found) if as_json else "\n".join(f"{k:>24}  {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
