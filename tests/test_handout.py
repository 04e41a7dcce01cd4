"""One file about a run or a set: what stands in it, its size, and that it asks for nothing; hostile
files harm nothing."""

import json
import shutil
import signal
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import SIZE, config, dataset, noise
from variants import FULL, GAN, write

import train
from cyclegan import lessons, methods
from cyclegan.core import files
from cyclegan.core.config import Change, Domains, Training
from cyclegan.core.pictures import ImageError
from cyclegan.inference import comparisons
from cyclegan.labs.handout import again, curves, document, facts, intervals, of_set, samples
from cyclegan.labs.handout.command import main
from cyclegan.labs.handout.grids import Grid
from cyclegan.lessons.lesson import Lesson
from cyclegan.methods.cyclegan import Objective
from cyclegan.store import checkpoints
from cyclegan.training.asked import config_from, recipe_from
from cyclegan.training.options import build_parser, explicit
from cyclegan.training.runs import read_log

STEPS = 6


class Outline(HTMLParser):
    """Tags, names of attributes, addresses, and words of a document."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: Counter = Counter()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.words += data


def words_of(path: Path) -> str:
    return " ".join(Outline(path.read_text(encoding="utf-8")).words.split())


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A training of six steps by the paper's recipe, with a sample of each."""
    folder = tmp_path_factory.mktemp("handout")
    data, out = dataset(folder / "horses", size=SIZE + 8, x=3, y=4, test=3), folder / "run"
    tiny = ["--size", str(SIZE), "--width", "2", "--blocks", "1", "--discriminator-width", "2"]
    often = ["--log-every", "1", "--save-every", "3", "--sample-every", "1", "--device", "cpu"]
    names = ["--domains", "horse", "zebra", "--precision", "float32"]
    argv = ["--recipe", "paper", "--data", str(data), "--out", str(out), "--steps", str(STEPS)]
    kept = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    assert train.main([*argv, *tiny, *often, *names]) == 0
    for name, handler in kept.items():
        signal.signal(name, handler)
    return out


@pytest.fixture(scope="module")
def file(run) -> Path:
    assert main([str(run)]) == 0
    return run / "report.html"


def test_it_says_what_was_trained(run, file):
    words = words_of(file)
    assert "GAN + cycle" in words and "horse ↔ zebra · horses" in words
    assert f"for {STEPS} steps" in words and "It is not at its end" not in words
    assert str(run.parent) not in file.read_text(encoding="utf-8"), "its place is its own"
    recipe = checkpoints.read_config(run).facts["recipe"]
    assert recipe["left_out"] and all(" ".join(s.split()) in words for s in recipe["left_out"])
    assert recipe["source"] in words and "Nobody measured this" in words
    for label, text in facts.settings(checkpoints.read_config(run)).items():
        assert f"{label} {text}" in words or f"{label}{text}" in words


def test_it_has_the_samples_of_every_step(run, file):
    html = file.read_text(encoding="utf-8")
    outline = Outline(html)
    assert f'data-steps="{" ".join(map(str, range(1, STEPS + 1)))}"' in html
    assert outline.tags["img"] == 2 * STEPS, "x and y"
    assert f"All {STEPS} sample grids are here." in outline.words
    assert html.count(" hidden>") == 2 * (STEPS - 1) + 1, "the last of each is in sight"


def test_samples_leave_as_a_moving_picture(run, tmp_path, capsys):
    out = tmp_path / "film.webp"
    assert main([str(run), "--webp", str(out)]) == 0
    film = Image.open(out)
    assert (film.format, film.n_frames) == ("WEBP", STEPS)
    frames = []
    for place in range(STEPS):
        film.seek(place)
        frames.append(np.asarray(film.convert("RGB")).astype(int))
    assert film.info["duration"] > 1000, "the last one stays"
    assert all(abs(a - b).max() > 8 for a, b in pairwise(frames)), "each step is another"
    shutil.copytree(run, tmp_path / "one", ignore=shutil.ignore_patterns("samples"))
    assert main([str(tmp_path / "one"), "--webp", str(out)]) == 2
    assert "--sample-every" in capsys.readouterr().err


def test_every_term_has_its_curve_and_its_sentence(run, file):
    words, log = words_of(file), read_log(run)
    method = methods.find("cyclegan")
    for key in log[-1]["terms"]:
        assert method.term(key).label in words and method.term(key).reads in words
    lesson = lessons.find(checkpoints.read_config(run).training.data)
    for measure in lesson.known(log[-1]["figures"]):
        assert measure.heading in words and measure.reads in words


def test_figures_stand_with_their_intervals(run, tmp_path):
    """Those that the evaluation wrote, as its tables write them."""
    metrics = {"items": 3, "effective": 3, "size": SIZE, "intervals": {"G": {}}}
    metrics |= {"G": {"cycle_error": 12.34, "diversity": 0.5}, "F": {"cycle_error": 20.0}}
    metrics["intervals"]["G"]["cycle_error"] = [11.0, 14.26]
    path = run / checkpoints.METRICS
    files.write_json(path, metrics)
    out = tmp_path / "measured.html"
    try:
        assert main([str(run), "--out", str(out)]) == 0
    finally:
        path.unlink()
    words = words_of(out)
    assert "12.3 11.0–14.3" in words and "0.500" in words and "20.0" in words
    assert "3 held-out items of 24×24 pixels" in words and "say" in words


def test_a_figure_lies_where_its_value_is():
    measure = Lesson().measure("diversity")
    entries = [intervals.Entry("a", 0.5, [0.25, 1.0]), intervals.Entry("b", 2.0, is_best=True)]
    card = intervals.card(measure, "G", entries)
    a, b = card.rows
    assert (a.at, a.low, a.high, b.at, b.low) == (25.0, 12.5, 50.0, 100.0, None)
    assert card.good == 50.0 and b.is_best and not a.is_best


# The command that trains the same again


ANEW = [
    config(data="drawing"),
    config(Objective(cycle_forward=0, cycle_backward=0, identity=2.5), data="emoji", seed=7),
    config(Objective(adversarial="log", cycle_norm="l2", gan=0.5), data="drawing", decay_from=50),
    config(
        Objective(schedule=(Change("identity", 0.0, 5, 5), Change("cycle_forward", 1.0, 2, 9))),
        **{"data": "drawing", "steps": 30, "fit": "none", "precision": "bfloat16", "pool": 0},
    ),
]


@pytest.mark.parametrize("settings", ANEW, ids=range(len(ANEW)))
def test_the_command_leads_to_the_same_settings(settings):
    told = again.command(settings)
    argv = told.removeprefix("python train.py ").split()
    args = build_parser().parse_args(argv)
    method, _ = recipe_from(args, lessons.find(args.data))
    found = config_from(args, method, explicit(argv))
    for part in ("generator", "discriminator", "objective", "training", "image_size"):
        assert getattr(found, part) == getattr(settings, part), part


def test_where_no_options_lead_none_are_told():
    assert again.command(replace(ANEW[0], training=Training(data="drawing", beta2=0.9))) is None


# Size


def tiles_of(sizes: int, damaged: tuple[int, ...] = ()):
    def tiles(step: int):
        if step in damaged:
            raise ImageError("damaged")
        return [[[noise(sizes, sizes, seed=step)] * 2] * 2]

    return tiles


def test_samples_are_thinned_out_to_what_may_be():
    one = len(samples._url(tiles_of(32)(1)[0], 256, 90))
    found = samples.fitted(range(1, 101), tiles_of(32), 20 * one)
    assert sum(len(url) for side in found.urls for url in side) <= 20 * one
    assert 12 <= len(found.steps) <= 21 and found.steps[0] == 1 and found.steps[-1] == 100
    gaps = [b - a for a, b in zip(found.steps, found.steps[1:], strict=False)]
    assert max(gaps) - min(gaps) <= 4, "evenly"
    assert f"{len(found.steps)} of 100 sample grids are here" in found.told(100)


def test_large_samples_become_smaller_rather_than_few():
    found = samples.fitted(range(1, 13), tiles_of(256), 12 * 60_000)
    assert len(found.steps) == 12


def test_damaged_samples_are_left_out_and_told():
    found = samples.fitted([1, 2, 3], tiles_of(24, damaged=(2, 3)), 10**6)
    assert found.steps == [1] and "2 could not be read" in found.told(3)
    assert samples.fitted([1], tiles_of(24, damaged=(1,)), 10**6).steps == []


def test_what_would_be_too_large_is_not_written(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(document, "MOST", 10_000)
    out = tmp_path / "large.html"
    assert main([str(run), "--out", str(out)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("report: The report would have ") and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


# What is missing, and what is hostile


def test_nothing_there_is_told_in_a_sentence(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("report: ") and "neither a folder with a checkpoint nor" in err
    (tmp_path / checkpoints.CONFIG).write_text("[", encoding="utf-8")
    assert main([str(tmp_path)]) == 2 and "cannot be read as JSON" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [checkpoints.CONFIG]


def test_a_config_alone_is_enough(tmp_path):
    files.write_json(tmp_path / checkpoints.CONFIG, config(data="/far/away/zoo").to_dict())
    assert main([str(tmp_path)]) == 0
    words = words_of(tmp_path / "report.html")
    assert "There are no sample pictures" in words and "There is no log.jsonl" in words
    assert "followed no recipe by name" in words and "/far" not in words


BAIT = "\"><img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}'</style></title>"


def test_hostile_files_are_words_at_most(run, tmp_path):
    settings = checkpoints.read_config(run)
    recipe = {"name": BAIT, "source": BAIT, "sets": {BAIT: BAIT}, "otherwise": [1], "left_out": 3}
    change = {"step": 10**30, "name": "rate", "value": BAIT}
    hostile = {
        **{"machine": BAIT, "steps": 10**400, "seconds": 1e308, "notes": [BAIT, "x" * 10**6]},
        **{"went_on": [change, {**change, "step": 3}, 7], "changes": "no", "recipe": recipe},
        **{"init": BAIT},
    }
    domains = Domains(BAIT, BAIT)
    training = replace(settings.training, data=BAIT)
    settings = replace(settings, domains=domains, training=training, facts=hostile)
    files.write_json(tmp_path / checkpoints.CONFIG, settings.to_dict())
    figures = {BAIT: 1.0, "rmse": BAIT, "cycle_error": 1e300, "diversity": float("nan")}
    ends = {"cycle_error": [-1e308, 1e308], BAIT: [2, 1]}
    metrics = {"items": BAIT, "G": figures, "intervals": {"G": ends}}
    (tmp_path / checkpoints.METRICS).write_text(json.dumps(metrics), encoding="utf-8")
    terms = {BAIT: 0.5, "D_X": float("nan"), "gan_G": 1e308, **{f"t{i}": i for i in range(3000)}}
    lines = [{"step": step, "terms": terms} for step in (10**400, -5, 1, 2, 2)]
    lines += [{"step": 3, "terms": {"D_X": float("inf")}, "signs": [BAIT]}, {"step": "4"}]
    log = "\n".join([*map(json.dumps, lines), BAIT])
    (tmp_path / "log.jsonl").write_text(log, encoding="utf-8")
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "000001.png").write_text(BAIT, encoding="utf-8")
    noise(7, 3).save(tmp_path / "samples" / "000002.png")
    assert main([str(tmp_path)]) == 0
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    outline = Outline(html)
    assert outline.tags["script"] == outline.tags["style"] == outline.tags["title"] == 1
    assert outline.tags["img"] == 0 and not {a for a in outline.attributes if a.startswith("on")}
    assert outline.addresses == ["data:,"] and "{{7*7}}" in outline.words
    assert len(html.encode()) < document.MOST and "NaN" not in html and "inf" not in html


def test_a_log_of_anything_draws_only_numbers():
    log = [{"step": step, "terms": {"gan_G": value}} for step, value in enumerate((1, 2e13, 3), 1)]
    (group,) = curves.of_run(curves.usable(log), Lesson(), methods.find("cyclegan"))
    (chart, _), *_ = group.charts
    assert len(chart.lines[0][1]) == 2, "what no curve can show leaves a hole"


# A set


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> Path:
    """Two variants that were measured, with examples beside them."""
    folder = tmp_path_factory.mktemp("set") / "pair"
    for name, objective, error in (("full", FULL, 3.0), ("gan", GAN, 9.0)):
        write(folder / name, objective)
        metrics = {"items": 5, "size": SIZE, "G": {"cycle_error": error}}
        metrics["intervals"] = {"G": {"cycle_error": [error - 1, error + 1]}}
        files.write_json(folder / name / checkpoints.METRICS, metrics)
    found = comparisons.Difference(-6.0, -7.0, -5.0)
    pairs = {("full", "gan"): {"G": {"cycle_error": found}}}
    comparisons.write(folder, comparisons.Comparisons(pairs))
    (folder / "examples").mkdir()
    for side in "xy":
        noise(SIZE, SIZE).save(folder / "examples" / f"01-place-{side}.png")
    return folder


def test_a_set_stands_side_by_side(two):
    assert main([str(two)]) == 0
    html = (two / "report.html").read_text(encoding="utf-8")
    words = " ".join(Outline(html).words.split())
    assert "pair" in words and "2 variants" in words
    assert "3.0 2.0–4.0" in words and "9.0 8.0–10.0" in words
    assert html.count('class="best"') == 1 and "They differ in their objective alone" in words
    assert "examples, translated while this report was written" in words
    assert Outline(html).tags["img"] == 3, "what is given, and what each makes of it"
    (label, listed), *others = of_set.settings(of_set.read(two))[1]
    assert label == "objective" and len(listed) == 2 and not others


def test_variants_with_logs_are_overlaid(run, tmp_path):
    for name in ("one", "other"):
        write(tmp_path / name, checkpoints.read_config(run))
        for kept in ("log.jsonl", "samples"):
            (tmp_path / name / kept).symlink_to(run / kept)
    assert main([str(tmp_path), "--out", str(tmp_path / "two.html")]) == 0
    html = (tmp_path / "two.html").read_text(encoding="utf-8")
    assert "GAN + cycle (one)" in html and "GAN + cycle (other)" in html
    assert html.count('class="line ') == 2 * html.count('<figure class="chart">') > 0
    assert Outline(html).tags["img"] == 1 + 2 * STEPS


def test_of_a_bundled_set_it_is_written_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(of_set.translated, "of_several", lambda *_: None)
    assert main(["drawing"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["drawing.html"]
    words = words_of(tmp_path / "drawing.html")
    assert "72.3 69.7–74.8" in words, "as in metrics.json, and in the README"
    assert "There are neither sample pictures" in words


def test_of_classifiers_there_are_accuracies_and_flips(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(of_set.translated, "of_several", lambda *_: None)
    assert main(["digits-cycada"]) == 0
    words = words_of(tmp_path / "digits-cycada.html")
    folder = checkpoints.BUNDLED / "digits-cycada" / "gan-cycle-semantic-features"
    found = checkpoints.read_metrics(folder)
    for network, key, label in (("F", "f_T_right", "accuracy of f_T"), ("G", "flips", "flips")):
        low, high = found["intervals"][network][key]
        assert label in words and f"{found[network][key]:.3f} {low:.3f}–{high:.3f}" in words


def test_a_grid_is_cut_as_it_was_laid_out(run):
    grid = Grid.read(run, STEPS, checkpoints.read_config(run))
    assert grid.tile == (SIZE, SIZE) and grid.inputs == 3
    assert len(grid.side("xy")) == len(grid.side("yx")) == 3


# In a browser


axe = pytest.importorskip("axe_playwright_python.sync_playwright")
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "resultTypes": ["violations"],
}


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_it_opens_from_disk_and_asks_for_nothing(browser, file, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.goto(file.as_uri())
    shown = ".moving img:not([hidden])"
    assert "step 6" in page.locator(shown).first.get_attribute("alt")
    page.get_by_label("Training step").focus()
    page.keyboard.press("Home")
    assert "step 1" in page.locator(shown).first.get_attribute("alt")
    page.keyboard.press("ArrowRight")
    assert page.locator(shown).count() == 2 and page.locator("output").inner_text() == "step 2"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page, options=OPTIONS).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    assert errors == [], "nothing is refused by the policy of its own"
    page.close()


@pytest.mark.browser
def test_without_a_script_the_last_pictures_are_there(browser, file):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator(".moving img:visible").count() == 2
    assert page.locator("input:visible").count() == 0
    context.close()
