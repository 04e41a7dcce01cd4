"""The page without a server: what it computes and says is what the page with one does.

In a real headless Chromium, opened from a folder, from a server and from a static Space.
"""

import base64
import functools
import http.server
import io
import random
import re
import tarfile
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hub_server import serve
from PIL import Image
from test_handout import OPTIONS, axe
from test_panels import Page
from tiny import config
from variants import FULL, GAN, GAN_CYCLE, GAN_IDENTITY, write

from cyclegan.core import files
from cyclegan.core.config import Channels
from cyclegan.labs.export import command
from cyclegan.labs.export.parts import ExportError
from cyclegan.labs.publishing.command import main as publish
from cyclegan.page import rules, sentence
from cyclegan.page.compare import Request, translate
from cyclegan.page.library import Library
from cyclegan.store import catalogue
from cyclegan.web import runtime, write_page, writing

LEVEL = 1
"""By which a pixel may differ: sums have another order here and there."""


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> catalogue.Model:
    """Tiny variants of a lesson with truth; each with other weights."""
    folder = tmp_path_factory.mktemp("sets") / "tiny set"
    for seed, objective in enumerate((FULL, GAN_IDENTITY, GAN)):
        write(folder / objective.slug, config(objective, data="drawing"), seed=seed)
    return catalogue.find(str(folder))


@pytest.fixture(scope="module")
def library(model) -> Library:
    made = Library([])
    made.offer(model)
    return made


@pytest.fixture(scope="module")
def written(model, tmp_path_factory) -> Path:
    try:
        runtime.packed()
    except ExportError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("web") / "page"
    write_page(folder, model, lambda line: None)
    return folder


def at(folder: Path) -> str:
    return (folder / "index.html").as_uri()


def visit(browser, url: str, **settings):
    page = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **settings})
    page.set_default_timeout(60_000)
    page.asked, page.mistakes = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.mistakes.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.mistakes.append(said.text))
    page.goto(url)
    shown(page)
    return page


def shown(page) -> None:
    """Wait for the answer to what was asked last."""
    page.locator("#state", has_text="Computed here by").wait_for()
    page.locator("#result:not([aria-busy])").wait_for()


@pytest.fixture(scope="module")
def opened(browser, written):
    page = visit(browser, at(written))
    yield page
    assert not page.mistakes
    page.close()


def choose(page, example: int, state: str) -> None:
    page.evaluate(
        "([example, state]) => { Object.assign(now, {example, state, own: null}); shown(); }",
        [example, state],
    )
    shown(page)


def pixels(page, row: str, key: str) -> np.ndarray:
    url = page.locator(f".row.{row} [data-view={key}] img").get_attribute("src")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))


def words(html: str) -> str:
    return " ".join(Page(html).words.split())


@pytest.mark.browser
@pytest.mark.parametrize(
    ("state", "direction", "without"),
    [
        ("xy/cycle loss", "xy", {"cycle loss"}),
        ("yx/cycle loss/identity loss", "yx", {"cycle loss", "identity loss"}),
    ],
)
def test_pictures_figures_and_sentence_are_those_of_the_page(
    opened, library, state, direction, without
):
    (title,) = library.sets
    set_ = library.sets[title]
    for example in (0, 7):
        choose(opened, example, state)
        wanted = translate(library, Request(title, direction, frozenset(without), (), example))
        for row, name in zip(wanted.rows, ("with", "without"), strict=True):
            for key in ("made", "back", "same"):
                made = pixels(opened, name, key).astype(int)
                assert abs(made - np.asarray(row.made.views[key].convert("RGB"))).max() <= LEVEL
            told = opened.locator(f".row.{name} .arc").inner_text()
            assert float(told.removeprefix("cycle error ")) == pytest.approx(
                row.made.cycle_error, abs=0.11
            )
            assert "silhouette IoU" in opened.locator(f".row.{name}").inner_text()
        said = words(opened.locator("#said").inner_html())
        blunt = re.compile(r"\d+(\.\d+)?")
        expected = words(sentence.tell(wanted, set_))
        assert blunt.sub("#", said) == blunt.sub("#", expected)
        assert [float(n) for n in re.findall(r"\d+\.\d", said)] == pytest.approx(
            [float(n) for n in re.findall(r"\d+\.\d", expected)], abs=0.11
        )


def test_the_lower_row_is_what_the_objective_says(opened):
    choose(opened, 0, "xy/cycle loss")
    switches = opened.locator("#sum button")
    assert [one.get_attribute("aria-checked") for one in switches.all()] == ["true", "false"]
    switches.nth(1).click()
    shown(opened)
    assert opened.locator(".row.without h3").inner_text() == "Without cycle loss and identity loss"
    assert opened.evaluate("document.activeElement.dataset.index") == "1", "the keyboard stays"
    opened.locator("#direction input").last.check()
    shown(opened)
    assert opened.locator(".row.without h3").inner_text() == "Without cycle loss and identity loss"
    assert "F(y)" in opened.locator(".head[data-view=made]").text_content()
    opened.locator("#examples button").nth(3).click()
    shown(opened)
    assert opened.locator("#examples [aria-pressed=true]").count() == 1
    assert opened.locator("#examples .place").inner_text()


def own(page, name: str, data: bytes) -> None:
    page.locator("#file").set_input_files({"name": name, "mimeType": "image/png", "buffer": data})


def test_a_visitors_own_pictures(opened, library):
    choose(opened, 0, "xy/cycle loss")
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 40, 3), np.uint8))
    own(opened, "own.png", files_of(picture))
    opened.locator("#examples:not(:has([aria-pressed=true]))").wait_for()
    shown(opened)
    (title,) = library.sets
    variant = library.sets[title].whole
    wanted = library.translate(variant, picture, "xy")
    for key in ("made", "back", "same"):
        made = pixels(opened, "with", key).astype(int)
        assert abs(made - np.asarray(wanted.views[key].convert("RGB"))).max() <= LEVEL
    assert opened.locator(".loop").inner_text().count("no ground truth") == 2
    assert "40×32 px" in opened.locator(".head[data-view=original]").inner_text()
    assert "Truth" not in opened.locator(".loop").inner_text()
    own(opened, "large.png", files_of(Image.new("RGB", (300, 150), "teal")))
    opened.locator(".head[data-view=original]", has_text=re.compile(r"48×24 px")).wait_for()
    shown(opened)
    own(opened, "broken.png", b"\x89PNG no more")
    opened.locator("#state", has_text="broken.png is no picture that this browser").wait_for()
    opened.locator("#webcam").click()
    opened.locator("#take").click()
    opened.locator(".head[data-view=original]", has_text=re.compile(r"48×48 px")).wait_for()
    shown(opened)
    assert pixels(opened, "with", "made").shape == (48, 48, 3)
    assert opened.evaluate("byId('video').srcObject") is None, "the camera is off again"


def files_of(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def test_a_browser_speaks_by_the_same_rules(opened, library):
    """Of numbers of every kind, in both languages."""
    (title,) = library.sets
    set_ = library.sets[title]
    shown_ = translate(library, Request(title, "xy", frozenset({"cycle loss"}), (), 0))
    measure, pick, heard = set_.lesson.measure("cycle_error"), random.Random(3), set()
    for _ in range(300):
        a, b, same = (pick.choice([0.0, 1.5, 8.0, 20.0, 32.0, 60.0]) for _ in range(3))
        other = pick.choice([0.0, 40.0, 90.0])
        numbers = {
            "unknown": pick.choice([0.0, 1.0]),
            **{key: pick.choice([0.0, 1.0]) for key in ("wrong_with", "wrong_without")},
            "nearer": pick.choice([-0.2, 0.01, 0.2, None]),
            "diversity": pick.choice([None, 0.2, 0.9]),
            "rule_on_all": pick.choice([0.0, 1.0]),
        }
        some = {"wrong_with": "left <b>", "wrong_without": "right", "label": "IoU"}
        some |= {"score_with": "0.4", "score_without": "0.6"}
        told = sentence.of_choice(shown_, set_) + sentence.Told(numbers, some)
        told += sentence.of_errors(a, b, [same, same + 1], other, measure)
        parts = rules.spoken(told.numbers, told.words)
        wanted = words(sentence.render("panels.told", parts=parts))
        found = opened.evaluate(
            """([a, b, same, apart, numbers, words]) => {
                // Pictures with these differences.
                const level = (v) => ({levels: Array(10).fill(v)});
                const rows = [[a, same], [b, same + 1]].map(([back, kept]) =>
                    ({original: level(0), back: level(back), same: level(kept)}));
                const state = states['xy/cycle loss'];
                const found = ofErrors(rows, directions.xy.views, apart);
                const all = {...state.numbers, ...numbers, ...found.numbers};
                const box = document.createElement('p');
                box.append(sentence(state, all, {...words, ...found.words}));
                return box.outerHTML;
            }""",
            [a, b, same, other, numbers, some],
        )
        # That figure of all held-out items is put together in Python, and is no word of a browser.
        assert re.sub(r"diversity [–\d.]+", "", words(found)) == re.sub(
            r"diversity [–\d.]+", "", wanted
        )
        heard.add(wanted)
    assert len(heard) > 40, "hardly any rule was tried"


def test_the_lens_is_over_what_was_computed_here(opened):
    choose(opened, 2, "xy/cycle loss")
    opened.locator(".row.with [data-view=made] img").hover(position={"x": 20, "y": 30})
    opened.locator("#result .lens").first.wait_for()
    box = opened.locator(".row.with [data-view=made] img").bounding_box()
    made = pixels(opened, "with", "made")
    spot = made[int(30 / box["height"] * len(made)), int(20 / box["width"] * len(made[0]))]
    told = opened.locator(".row.with [data-view=made] .value").inner_text()
    assert told.split() == [str(level) for level in spot]
    assert opened.locator("#result .lens").count() == 8
    assert opened.locator(".here").count() == 2
    opened.locator(".row.without [data-view=back] img").click()
    assert opened.get_by_role("slider", name="Wipe between F(G(x)) and x").is_visible()
    opened.keyboard.press("Escape")
    choose(opened, 0, "xy/cycle loss")


def test_nothing_is_asked_of_anybody(opened, written):
    addresses = {url.split(",")[0] for url in opened.asked}
    assert all(url.startswith((written.as_uri(), "blob:", "data:")) for url in addresses), addresses
    assert not re.search(r"https?://(?!www\.w3\.org|localhost)", (written / "page.js").read_text())


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(browser, written, scheme, width):
    size = {"width": width, "height": 844}
    page = visit(browser, at(written), viewport=size, color_scheme=scheme, bypass_csp=True)
    for details in page.locator("details:visible").all():
        details.locator("summary").click()
    found = axe.Axe().run(page, options=OPTIONS).response["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing is cut off"
    page.close()


@pytest.mark.browser
def test_a_published_generator_alone(browser, written, tmp_path, monkeypatch):
    """Nothing is claimed of an objective that its file does not tell, and there is no example."""
    monkeypatch.setattr(runtime, "packed", (written / "runtime.js").read_text)
    golden = Path(__file__).parent / "golden" / "latest_net_G_A.pth"
    write_page(tmp_path / "page", catalogue.find(str(golden)), lambda line: None)
    page = browser.new_page()
    page.goto(at(tmp_path / "page"))
    page.get_by_text("Choose a picture of your own.").wait_for()
    assert "cycle loss" not in page.locator("header").inner_text()
    assert page.locator("#sum button, #examples button, #direction").count() == 0
    own(page, "own.png", files_of(Image.new("RGB", (40, 24), "olive")))
    shown(page)
    assert page.locator(".loop h3").inner_text() == "As published"
    assert page.locator("[data-view=made] img").count() == 1
    assert "needs F, which this model lacks" in page.locator(".loop").inner_text()
    page.close()


class Isolated(http.server.SimpleHTTPRequestHandler):
    """A static host that sends the headers which the card asks for."""

    def end_headers(self):
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        super().end_headers()

    def log_message(self, *args):
        pass


@pytest.mark.browser
def test_a_static_space_works_as_it_was_uploaded(browser, model, written, tmp_path, monkeypatch):
    with serve() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
        server.token = "hf_AnybodysToken"
        monkeypatch.setenv("HF_TOKEN", server.token)
        name = str(model.folder)
        monkeypatch.setattr(runtime, "packed", (written / "runtime.js").read_text)
        argv = ["space", "someone/cycles", "--static", name]
        assert publish(argv, write_page) == 0
        there = server.files("someone/cycles")
        assert publish(argv, write_page) == 0, "once more changes nothing"
        assert publish([*argv, "--hardware", "t4-small"], write_page) == 2
    stated, _ = files.front_matter(there["README.md"].decode())
    assert (stated["sdk"], stated["app_file"]) == ("static", "index.html")
    folder = tmp_path / "space"
    for path, data in there.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    handler = functools.partial(Isolated, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        page = visit(browser, f"http://127.0.0.1:{host.server_port}/")
        assert page.evaluate("crossOriginIsolated"), "or it would compute on one core"
        assert page.locator(".row.with [data-view=made] img").count() == 1
        assert not page.mistakes
        page.close()
        host.shutdown()


def test_what_lay_there_is_not_written_over(model, tmp_path, monkeypatch):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"notes\.txt, which no export writes"):
        write_page(tmp_path, model, print)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_failure_leaves_the_former_page(model, written, monkeypatch):
    before = {p: p.read_bytes() for p in written.rglob("*") if p.is_file()}
    monkeypatch.setattr(runtime, "packed", lambda: "")
    monkeypatch.setattr(writing, "networks_of", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_page(written, model, print)
    assert {p: p.read_bytes() for p in written.rglob("*") if p.is_file()} == before


def test_without_npm_it_is_said(model, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda name: None)
    argv = [str(model.folder), "--web", str(tmp_path / "page")]
    assert command.main(argv, write_page) == 2
    assert "install Node.js" in capsys.readouterr().err
    assert not (tmp_path / "page").exists()


def test_what_npm_brings_is_held_against_its_hash(tmp_path, monkeypatch):
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        for name in runtime.FILES.values():
            data = name.encode()
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    with pytest.raises(ExportError, match=r"ort\.webgpu\.min\.js that is not that of"):
        runtime._read(tmp_path / "a.tgz")


def test_pictures_that_browsers_cannot_open(tmp_path, capsys):
    deep = replace(config(GAN_CYCLE, data="made up"), channels=Channels(4, 3))
    write(tmp_path / "scan", deep)
    assert command.main([str(tmp_path / "scan"), "--web", str(tmp_path / "p")], write_page) == 2
    assert "browsers cannot open" in capsys.readouterr().err
    assert command.main([str(tmp_path / "scan"), "--web", "p", "--float16"], write_page) == 2
    assert "--float16 is for --onnx" in capsys.readouterr().err


def test_what_is_told_more_than_a_picture_is_no_page(tmp_path, capsys):
    """As CyCADA's G, which is told a z; and nothing is written."""
    argv = ["digits-cycada", "--web", str(tmp_path / "page")]
    assert command.main(argv, write_page) == 2
    assert "G of digits-cycada takes something else than one picture" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())
