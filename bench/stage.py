"""Measure the stage of the Train tab: `python -m bench.stage [--json]`, with nothing else running.

Seconds from a click on the tab until the recording stands there; then milliseconds in a real
Chromium from a move of the scrubber, an arrow key, and a point on a curve until the frame of that
step, the cursor and the values are painted: medians and the slowest. And the bytes of each lesson's
recording, as a browser gets them. Needs requirements-dev.txt and a Chromium.
"""

import argparse
import json
import statistics
import time

from playwright.sync_api import Page

from bench.lens import PAINTED
from bench.page import open_page
from bench.replays import RECORDED
from cyclegan.labs.live import recorded

MOVES = 60

STANDS = """() => {
  const canvas = document.querySelector('.stage .arm canvas');
  return canvas && canvas.getContext('2d').getImageData(0, 0, 1, 1).data[3] === 255
    && document.querySelector('.tracks .cursor');
}"""

ACT = """async ([kind, share]) => {
  const range = document.querySelector('.time input'), tracks = document.querySelector('.tracks');
  const {left, width, top} = document.querySelector('.track svg').getBoundingClientRect();
  const started = performance.now();
  if (kind === 'scrub') {
    range.value = share * range.max;
    range.dispatchEvent(new Event('input', {bubbles: true}));
  } else if (kind === 'key') {
    const key = share < 0.5 ? 'ArrowLeft' : 'ArrowRight';
    range.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
  } else {
    const at = {clientX: left + share * width, clientY: top + 5, bubbles: true};
    tracks.dispatchEvent(new PointerEvent('pointermove', {pointerType: 'mouse', ...at}));
  }
PAINTED}""".replace("PAINTED", PAINTED)

SHOWN = """() => [
  document.querySelector('.time output').textContent,
  document.querySelector('.track .cursor').getAttribute('points'),
  document.querySelector('.arm.a canvas').toDataURL(),
]"""


def moves(page: Page, kind: str) -> list[float]:
    """Of steps all over the recording; each of them is checked to show another frame."""
    page.locator(".time input").press("End")
    taken, before = [], page.evaluate(SHOWN)
    for n in range(MOVES):
        share = n // 15 % 2 if kind == "key" else 17 * n % 59 / 59
        taken.append(page.evaluate(ACT, [kind, share]))
        now = page.evaluate(SHOWN)
        assert all(a != b for a, b in zip(before, now, strict=True)), "nothing has moved"
        before = now
    return taken


def measure() -> dict[str, float]:
    found = {}
    with open_page() as page:
        started = time.perf_counter()
        page.get_by_role("tab", name="Train").click()
        page.wait_for_function(STANDS, timeout=30_000)
        found["stands_s"] = round(time.perf_counter() - started, 2)
        page.wait_for_timeout(2500)
        for kind in ("scrub", "key", "point"):
            taken = moves(page, kind)
            found[f"first_{kind}_ms"] = round(taken[0], 1)
            found[f"{kind}_ms"] = round(statistics.median(taken), 1)
            found[f"slowest_{kind}_ms"] = round(max(taken), 1)
    for name in RECORDED:
        folder = recorded.RECORDINGS / name
        found[f"{name}_bytes"] = sum(path.stat().st_size for path in folder.iterdir())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.stage", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    as_json = parser.parse_args().json
    found = measure()
    print(json.dumps(found) if as_json else "\n".join(f"{k:>22}  {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
