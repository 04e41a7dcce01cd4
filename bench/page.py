"""Measure the page: `python -m bench.page [--json]`, with nothing else running.

Start-up; one click (two variants, 128 px, six panels) in a real Chromium and on the server alone,
that against the bare network passes; clicks whose answer is known, on a term, a step of the story
and an example; memory of the app over 200 translations. Paired and repeated within one run; medians
are reported. Needs requirements-dev.txt and a Chromium.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import torch
from gradio_client import Client, handle_file
from PIL import Image
from playwright.sync_api import sync_playwright

from cyclegan.core import images
from cyclegan.page import loop, panels
from cyclegan.page.compare import Request, translate
from cyclegan.page.library import Library
from cyclegan.page.sets import CheckpointSet
from cyclegan.store import checkpoints
from cyclegan.training.runs import describe_machine

ROOT = Path(__file__).parent.parent
SIDE = 128
REPEATS = 15
TRANSLATIONS = 200
PORT = 7987
URL = f"http://127.0.0.1:{PORT}"

CLICK = """async (index) => {
  const first = () => document.querySelector('#result .loop img')?.src;
  const before = first(), started = performance.now();
  document.querySelectorAll('#examples button')[index].click();
  while (first() === before) await new Promise(requestAnimationFrame);
  const shown = [...document.querySelectorAll('#result .loop img')];
  await Promise.all(shown.map((image) => image.decode()));
  return performance.now() - started;
}"""


KNOWN = """async ([button, number]) => {
  const seen = () => document.querySelector('#result').innerHTML.length + ' ' +
    [...document.querySelectorAll('#result .loop img')].map((image) => image.src.slice(-60)).join();
  const before = seen(), started = performance.now();
  document.querySelectorAll(button)[number].click();
  while (seen() === before) {
    if (performance.now() - started > 10000) throw new Error('no answer to ' + button);
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - started;
}"""
"""Milliseconds from a click to another comparison on the page."""


def seconds(call) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


@contextmanager
def running_app():
    """`python app.py` on PORT; yields its process and the seconds to the first result."""
    started = time.perf_counter()
    command = [sys.executable, "app.py", "--port", str(PORT)]
    app = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while not first_result():
            if time.perf_counter() - started > 120:
                raise RuntimeError("The page did not open within two minutes.")
            time.sleep(0.05)
        yield app.pid, time.perf_counter() - started
    finally:
        app.terminate()
        app.wait()


def first_result() -> bool:
    try:
        with urllib.request.urlopen(f"{URL}/config") as answer:
            return b"data:image/png;base64" in answer.read()
    except (urllib.error.URLError, ConnectionError):
        return False


def measure_start() -> float:
    with running_app() as (_, seconds_to_open):
        return seconds_to_open


@contextmanager
def open_page():
    """The running app in a real browser, with its first result in sight."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with running_app(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(URL)
        page.wait_for_selector("#result .loop img")
        time.sleep(2)
        yield page
        browser.close()


def measure_browser_clicks() -> list[float]:
    """Seconds from a click on an example never shown before to its panels in a real browser."""
    with open_page() as page:
        count = page.locator("#examples button").count()
        return [page.evaluate(CLICK, index) / 1000 for index in range(1, count)]


def measure_known_clicks() -> dict[str, float]:
    """Median seconds to the answer of a click that was answered before, by what was clicked."""
    clicks = {
        "term": [("#sum button", 1), ("#sum button", 1)],
        "step": [("#story .steps button", 2), ("#story .steps button", 1)],
        "example": [("#examples button", 1), ("#examples button", 0)],
    }
    found: dict[str, list[float]] = {name: [] for name in clicks}
    with open_page() as page:
        for repeat in range(6):
            for name, pair in clicks.items():
                for one in pair:
                    taken = page.evaluate(KNOWN, one) / 1000
                    time.sleep(0.3)
                    if repeat:
                        found[name].append(taken)
    return {f"known_{name}_s": round(statistics.median(f), 3) for name, f in found.items()}


def measure_memory(pictures: list[Path]) -> dict[int, float]:
    """Resident megabytes of the app after 50 and after all of these pictures."""
    found = {}
    with running_app() as (process, _):
        client = Client(URL, verbose=False)
        for done, picture in enumerate(pictures, 1):
            client.predict(image=handle_file(picture), api_name="/translate")
            if done in (50, len(pictures)):
                pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
                found[done] = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return found


def new_pictures(set_: CheckpointSet, folder: Path, count: int = REPEATS + 1) -> list[Path]:
    """An example of a set, `count` times with another pixel changed."""
    found = []
    for number in range(count):
        picture = images.to_picture(set_.examples[0].x).resize((SIDE, SIDE))
        picture.putpixel((number % SIDE, number // SIDE), (255, 0, 255))
        found.append(folder / f"{number}.png")
        picture.save(found[-1])
    return found


class Click:
    """What a click on a new picture costs the server, and the passes that it cannot do without."""

    def __init__(self, folder: Path):
        self.library = Library([checkpoints.BUNDLED])
        self.title, self.set = next(iter(self.library.sets.items()))
        # No two alike, since what was translated once is remembered.
        pictures = new_pictures(self.set, folder)
        self.requests = [Request(self.title, "xy", self.set.without, path=str(p)) for p in pictures]
        self.x = images.to_tensor(Image.open(pictures[0]))
        rows = self.set.rows(self.set.without)
        self.models = [self.library.translator(row.variant.source).model for row in rows]

    def page(self) -> str:
        shown = translate(self.library, self.requests.pop())
        heads, rows = panels.headings(shown, self.set), panels.panels_of(shown, self.set.lesson)
        return loop.draw(shown, heads, rows, self.set.lesson)

    @torch.inference_mode()
    def bare(self) -> None:
        for model in self.models:
            fake_y = model.G(self.x)
            model.F(fake_y)
            model.F(self.x)


def measure() -> dict:
    with tempfile.TemporaryDirectory() as folder:
        click = Click(Path(folder))
        click.page(), click.bare()
        pairs = [(seconds(click.page), seconds(click.bare)) for _ in range(REPEATS)]
        memory = measure_memory(new_pictures(click.set, Path(folder), TRANSLATIONS))
    return {
        "machine": describe_machine(torch.device("cpu")),
        "start_s": round(statistics.median(measure_start() for _ in range(3)), 2),
        "browser_click_s": round(statistics.median(measure_browser_clicks()), 3),
        **measure_known_clicks(),
        "click_s": round(statistics.median(page for page, _ in pairs), 3),
        "bare_passes_s": round(statistics.median(bare for _, bare in pairs), 3),
        "click_over_bare": round(statistics.median(page / bare for page, bare in pairs), 3),
        "memory_mb": round(memory[TRANSLATIONS]),
        "memory_growth_mb": round(memory[TRANSLATIONS] - memory[50], 1),
    }


def table(found: dict) -> str:
    return "\n".join(f"{name:>18}  {value}" for name, value in found.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    as_json = parser.parse_args().json
    found = measure()
    print(json.dumps(found) if as_json else table(found))


if __name__ == "__main__":
    main()
