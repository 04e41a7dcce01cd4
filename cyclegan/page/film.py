"""The film of two trainings: samples of two objectives over training time, under one slider.

Everything is in the markup, the frames as data: URLs; sliding asks the server for nothing.
"""

import base64
from html import escape
from pathlib import Path

from PIL import Image

from .lab import Report, ReportRow
from .panels import formula

TOLD = 2
"""Figures under a strip, which is no wider than two pictures."""

CONTROLS = """
let timer = null;
const stop = () => {
  clearInterval(timer);
  timer = null;
  const button = element.querySelector('.film button');
  if (button) { button.textContent = '▶'; button.setAttribute('aria-label', 'Play'); }
};
const show = (index) => {
  const range = element.querySelector('.film input');
  range.value = index;
  for (const strip of element.querySelectorAll('.film .strip')) {
    strip.querySelectorAll('img').forEach((image, i) => { image.hidden = i !== index; });
    strip.querySelectorAll('.figure').forEach((words, i) => { words.hidden = i !== index; });
  }
  const steps = range.dataset.steps.split(' ');
  const words = 'step ' + Number(steps[index]).toLocaleString('en');
  range.setAttribute('aria-valuetext', words);
  element.querySelector('.film output').textContent = words;
};
element.addEventListener('input', (event) => {
  if (!event.target.closest('.film input')) return;
  stop();
  show(Number(event.target.value));
});
element.addEventListener('click', (event) => {
  const button = event.target.closest('.film button');
  if (!button) return;
  if (timer) return stop();
  const range = element.querySelector('.film input');
  if (range.value === range.max) show(0);
  button.textContent = '❚❚';
  button.setAttribute('aria-label', 'Pause');
  timer = setInterval(() => {
    const now = element.querySelector('.film input');
    if (!now || now.value === now.max) return stop();
    show(Number(now.value) + 1);
  }, 450);
});
watch('value', stop);
"""


def draw(report: Report, a: ReportRow, b: ReportRow) -> str:
    """Samples of two objectives over training time, under one slider; nothing is asked for later.

    Without frames: a sentence.
    """
    frames = {row.name: _frames(report, row) for row in (a, b)}
    steps = sorted(set(frames[a.name]) & set(frames[b.name]))
    if not steps:
        return '<p class="absent">No frames were kept of the training of these two.</p>'
    try:
        given = _given(report)
        strips = [_strip(report, row, frames[row.name], steps) for row in (a, b)]
    except OSError:
        return '<p class="absent">The frames of this training cannot be read.</p>'
    last, now = len(steps) - 1, f"step {steps[-1]:,}"
    return (
        f'<div class="film" style="--lines: {report.frame_rows}"><div class="time">'
        '<button type="button" aria-label="Play">▶</button>'
        f'<input type="range" min="0" max="{last}" value="{last}" '
        f'data-steps="{" ".join(map(str, steps))}" aria-label="Training step" '
        f'aria-valuetext="{now}"><output>{now}</output></div>'
        f'<div class="strips">{given}{"".join(strips)}</div></div>'
    )


def _given(report: Report) -> str:
    """Inputs beside their truths; data without pairs has inputs alone."""
    path = report.frames / "inputs.webp"
    heads = [formula("x"), f"{formula('y')}, the truth"][: _columns(report, path)]
    return _section("given", "Given", heads, f'<img src="{_url(path)}" alt="Inputs and truths">')


def _columns(report: Report, path: Path) -> int:
    with Image.open(path) as picture:
        return max(1, picture.width // report.frame_side)


def _strip(report: Report, row: ReportRow, frames: dict[int, Path], steps: list[int]) -> str:
    pictures = words = ""
    told = [report.lesson.measure(key) for key in report.lesson.headline[:TOLD]]
    for step in steps:
        hidden = "" if step == steps[-1] else " hidden"
        alt = escape(f"{row.title}, step {step}")
        pictures += f'<img src="{_url(frames[step])}" alt="{alt}"{hidden}>'
        said = [
            f"{escape(measure.label)} <b>{measure.written(value)}</b>"
            for measure in told
            if (value := row.at(measure.key, step)) is not None
        ]
        words += f'<p class="figure"{hidden}>{" · ".join(said)}</p>'
    shown = [row.formulas[key] for key in ("made", "back") if key in row.formulas]
    heads = [formula(words) for words in shown[: _columns(report, frames[steps[-1]])]]
    return _section("strip", row.title, heads, pictures, words)


def _section(kind: str, title: str, heads: list[str], pictures: str, below: str = "") -> str:
    """A stack of pictures, one of them in sight, under the heads of its columns."""
    columns = "".join(f"<span>{head}</span>" for head in heads)
    return (
        f'<section class="{kind}" style="--columns: {len(heads)}"><h4>{escape(title)}</h4>'
        f'<div class="heads">{columns}</div><div class="stack">{pictures}</div>{below}</section>'
    )


def _frames(report: Report, row: ReportRow) -> dict[int, Path]:
    """Pictures made in training, by step."""
    found = (report.frames / row.name).glob("*.webp")
    return {int(path.stem): path for path in found if path.stem.isdigit()}


def _url(path: Path) -> str:
    return "data:image/webp;base64," + base64.b64encode(path.read_bytes()).decode()
