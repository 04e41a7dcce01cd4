"""Measure the lens: `python -m bench.lens [--json]`, with nothing else running.

Milliseconds in a real Chromium from a move of the pointer over a picture until all pictures of the
comparison are drawn with it, and from a move of the wipe until it is: medians and the slowest, for
an example of 64 pixels and a visitor's own picture of 512. The first look at an answer, which reads
its pictures, is told alone. Needs requirements-dev.txt and a Chromium.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from bench.page import open_page

MOVES = 60
LARGE = 512

PAINTED = """
  await new Promise(requestAnimationFrame);
  const {port1, port2} = new MessageChannel(); // Whose message comes after what was painted.
  await new Promise((done) => { port1.onmessage = done; port2.postMessage(0); });
  return performance.now() - started;
"""

LOOK = f"""async ([across, down]) => {{
  const image = document.querySelector('#result [data-view=made] img');
  const {{left, top, width, height}} = image.getBoundingClientRect();
  const at = {{clientX: left + across * width, clientY: top + down * height, bubbles: true}};
  const started = performance.now();
  image.dispatchEvent(new PointerEvent('pointermove', {{pointerType: 'mouse', ...at}}));
{PAINTED}}}"""

WIPE = f"""async (value) => {{
  const range = document.querySelector('dialog.full-size input');
  const started = performance.now();
  range.value = value;
  range.dispatchEvent(new Event('input', {{bubbles: true}}));
{PAINTED}}}"""

OPENED = """(side) => {
  const images = [...document.querySelectorAll('#result .loop img')];
  return images.length && images.every((image) => image.naturalWidth === side);
}"""


def moves(page: Page) -> dict[str, float]:
    """Of the answer that the page shows, and nobody has looked at."""
    taken = [page.evaluate(LOOK, [n % 13 / 13, n % 11 / 11]) for n in range(MOVES + 1)]
    assert page.locator("#result .lens").count() == page.locator("#result .loop img").count()
    page.locator("#result [data-view=back] img").first.click()
    wiped = [page.evaluate(WIPE, 37 * n % 100) for n in range(MOVES)]
    page.keyboard.press("Escape")
    first, *others = taken
    return {"first_look": first, **summed("look", others), **summed("wipe", wiped)}


def summed(name: str, taken: list[float]) -> dict[str, float]:
    return {name: statistics.median(taken), f"slowest_{name}": max(taken)}


def measure() -> dict[str, float]:
    """In milliseconds."""
    found = {}
    with open_page() as page, tempfile.TemporaryDirectory() as folder:
        found |= {f"{name}_64_ms": ms for name, ms in moves(page).items()}
        own = Path(folder) / "own.png"
        Image.effect_noise((LARGE, LARGE), 80).convert("RGB").save(own)
        page.locator("#upload input[type=file]").set_input_files(own)
        page.wait_for_function(OPENED, arg=LARGE, timeout=120_000)
        page.wait_for_timeout(1000)
        found |= {f"{name}_{LARGE}_ms": ms for name, ms in moves(page).items()}
    return {name: round(ms, 1) for name, ms in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.lens", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    as_json = parser.parse_args().json
    found = measure()
    print(json.dumps(found) if as_json else "\n".join(f"{k:>20}  {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
