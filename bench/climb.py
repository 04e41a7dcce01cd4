"""Measure the ladder: `python -m bench.climb [--json]`, with nothing else running.

Milliseconds in a real Chromium, on the page's first example: from the opening of a ladder until all
rungs' pictures are drawn, from a move of the slider until pictures and dot are drawn between two
rungs, and from an arrow key until they rest on the next one. Medians and the slowest. Needs
requirements-dev.txt and a Chromium.
"""

import argparse
import json

from playwright.sync_api import Page

from bench.lens import MOVES, PAINTED, summed
from bench.page import open_page

OPEN = f"""async () => {{
  const started = performance.now();
  document.querySelector('#sum button[data-opens]').click();
  while (!document.querySelector('.ladder')) await new Promise(requestAnimationFrame);
  await Promise.all([...document.querySelectorAll('.ladder img')].map((image) => image.decode()));
{PAINTED}}}"""

MOVE = f"""async (share) => {{
  const range = document.querySelector('.ladder input');
  range.dispatchEvent(new PointerEvent('pointerdown', {{bubbles: true}}));
  const started = performance.now();
  range.value = share * range.max;
  range.dispatchEvent(new Event('input', {{bubbles: true}}));
{PAINTED}}}"""

STEP = f"""async (end) => {{
  const range = document.querySelector('.ladder input');
  range.dispatchEvent(new KeyboardEvent('keydown', {{bubbles: true}}));
  const rest = () => [...document.querySelectorAll('.ladder .stack')].every((stack) =>
    [...stack.children].filter((image) => !image.hidden).length === 1);
  const before = range.ariaValueText, started = performance.now();
  range.value = Number(range.value) + (end ? 0.01 : -0.01);
  range.dispatchEvent(new Event('input', {{bubbles: true}}));
  while (!rest() || range.ariaValueText === before) await new Promise(requestAnimationFrame);
{PAINTED}}}"""


def moves(page: Page) -> dict[str, float]:
    """Of the page's first example, whose ladder nobody has opened."""
    first = page.evaluate(OPEN)
    moved = [page.evaluate(MOVE, 37 * n % 101 / 101) for n in range(1, MOVES + 1)]
    page.locator(".ladder input").press("Home")
    page.wait_for_timeout(500)
    rungs = page.locator(".ladder").first.locator(".stops span").count() - 1
    stepped = [page.evaluate(STEP, n // rungs % 2 == 0) for n in range(MOVES)]
    return {"open": first, **summed("move", moved), **summed("step", stepped)}


def measure() -> dict[str, float]:
    """In milliseconds."""
    with open_page() as page:
        return {f"{name}_ms": round(ms, 1) for name, ms in moves(page).items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.climb", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    as_json = parser.parse_args().json
    found = measure()
    print(json.dumps(found) if as_json else "\n".join(f"{k:>16}  {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
