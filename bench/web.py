"""Measure the page without a server: `python -m bench.web MODEL [--repeats N]`.

Written anew, opened from its folder in a fresh Chromium each time: until the first translation of
an example is seen, until all panels are, and then G(x), and all panels, of a picture of 128 pixels.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from cyclegan.store import catalogue
from cyclegan.training.runs import describe_machine
from cyclegan.web import write_page

OF_128 = """async () => {
  const canvas = canvasOf(128, 128);
  canvas.getContext('2d').fillRect(20, 30, 60, 70);
  const x = ofVisitor(canvas, 'x'), {views} = directions.xy, took = [];
  const panels = async (variant, keys) => {
    const seen = {original: x};
    for (const view of views) {
      if (keys(view)) seen[view.key] = await make(variant, view, seen[view.of]);
    }
  };
  const [first] = chosen().rows, all = chosen().rows;
  for (const [rows, keys] of [[[first], ({key}) => key === 'made'], [all, () => true]]) {
    const since = performance.now();
    for (const variant of rows) await panels(variant, keys);
    took.push((performance.now() - since) / 1000);
  }
  return took;
}"""


def measure(page: Path) -> list[float]:
    with sync_playwright() as playwright:
        arguments = ["--headless", "--no-sandbox", "--disable-gpu"]
        arguments.append("--disable-background-networking")
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        tab, since, took = browser.new_page(), time.perf_counter(), []
        tab.goto(page.as_uri())
        for seen in (".row.with [data-view=made] img[src^='data:image/png']", "body[data-shown]"):
            tab.locator(seen).wait_for(state="attached")
            took.append(time.perf_counter() - since)
        took += tab.evaluate(OF_128)
        browser.close()
        return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page"
        write_page(page, catalogue.bring(args.model), print)
        rows = [measure(page / "index.html") for _ in range(args.repeats)]
        weight = sum(file.stat().st_size for file in page.rglob("*") if file.is_file())
    names = ("first_picture_s", "all_panels_s", "made_of_128_s", "all_panels_of_128_s")
    columns = zip(names, zip(*rows, strict=True), strict=True)
    found = {name: round(statistics.median(column), 2) for name, column in columns}
    machine = describe_machine(torch.device("cpu"))
    print(json.dumps({"machine": machine, **found, "megabytes": round(weight / 1e6, 1)}, indent=2))


if __name__ == "__main__":
    main()
