"""Other people's words on the page: shown as they are, and never markup."""

import ast
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import labs
import pytest
import test_live_panels as live
from jinja2 import UndefinedError
from markdown_it import MarkdownIt
from test_close_ups import closer
from test_lab import cell
from test_panels import LESSON, TRUTH, Page, flat, row, set_of, shown_of, variant
from variants import FULL, GAN, write

from cyclegan.core.config import Domains
from cyclegan.core.markup import SHARED
from cyclegan.labs.ablation import text as report_text
from cyclegan.labs.handout import document
from cyclegan.labs.markdown import code, fenced, plain
from cyclegan.labs.publishing import card
from cyclegan.page import (
    cards,
    close_ups,
    curves,
    film,
    lab,
    lab_panels,
    lab_tables,
    live_curves,
    live_panels,
    loop,
    markup,
    panels,
    sentence,
    stage,
)
from cyclegan.page import prediction as predictions
from cyclegan.page.compare import VariantRow
from cyclegan.page.hosting.errors import as_text
from cyclegan.page.library import Library
from cyclegan.page.markup import formula, render
from cyclegan.page.panels import Heading, Panel
from cyclegan.page.sets import CheckpointSet
from cyclegan.store import checkpoints

PAGE = Path(markup.__file__).parent
MODULES = sorted(PAGE.glob("*.py"))

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script><p title="',
    "' onmouseover='alert(1)' x='",
    "javascript:alert(1)",
    "{{7*7}} {% raw %} ${7*7}",
    "&lt;script&gt; &amp;amp; &#60;b&#62;",
    "</style></textarea><!-- --><svg/onload=alert(1)>",
]
HARMLESS = "horses"


# The wall: markup is made by templates alone, and templates escape.


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_module_of_the_page_writes_or_escapes_markup(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not re.search(r"</?[a-zA-Z!]|&\w+;|&#", node.value), f"{path}:{node.lineno}"
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            assert node.module != "html" and not names & {"escape", "html"}, path
            assert "Markup" not in names or path.stem == "markup", path
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called.split(".")[-1] not in ("Markup", "Template", "from_string"), path
            # Gradio shows the text of an error as HTML; /translate answers programs.
            if called in ("gr.Error", "gr.Info"):
                assert path.stem in ("components", "errors"), f"{path}:{node.lineno}"
            # The words of a recipe are those of the code that brings it.
            if called == "gr.Markdown" and (node.args or path.stem != "recipe"):
                names = {n.id for n in ast.walk(node.args[0]) if isinstance(n, ast.Name)}
                assert names <= _modules(tree), f"{path}:{node.lineno}: whose words are these?"


def _modules(tree: ast.Module) -> set[str]:
    """Names that a module imports from elsewhere: what stands there is our own."""
    found = (n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom | ast.Import))
    return {alias.asname or alias.name for node in found for alias in node.names}


HANDOUT = document.HERE / "templates" / "handout.html"


@pytest.mark.parametrize(
    "path",
    [*sorted(markup.TEMPLATES.iterdir()), *sorted(SHARED.iterdir()), HANDOUT],
    ids=lambda path: path.stem,
)
def test_no_template_lets_anything_through(path):
    text = path.read_text(encoding="utf-8")
    if path == HANDOUT:  # A whole document brings its script along, which is a file of ours.
        text = text.replace("<script>{{ script }}</script>", "", 1)
    assert path.suffix == ".html", "another ending is no reason not to escape"
    assert not re.search(r"autoescape|<script|\son\w+=", text)
    assert not re.search(r"[\w-]=\s*\{\{", text), "a value outside of quotes ends at a space"
    for name in re.findall(r"\|\s*(\w+)", text):
        assert name in ("formula", "length", "lower", "upper", "join", "select", "sum", "max"), name


def test_a_template_gives_a_plain_string_and_needs_all_its_values():
    assert type(render("common.absent", sentence="Nothing.")) is str
    assert render("common.text", text=formula("x")) == formula("x"), "markup stays markup"
    with pytest.raises(UndefinedError):
        render("common.absent")
    with pytest.raises(TypeError):
        render("common.absent", sentence="Nothing.", more="Something.")


# Every panel, with words that would be markup.


class Skeleton(HTMLParser):
    """Tags, the names of their attributes, and all text: what a browser would build."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple] = []
        self.words = ""
        self.values: list[str] = []
        self.feed(str(html))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.values += [value or "" for _, value in attrs]

    def handle_data(self, data):
        self.words += data

    def handle_comment(self, data):
        raise AssertionError("a comment")


def comparison(text: str) -> str:
    made = VariantRow(text, None, variant(FULL), row(True).made)
    heads = [Heading("x", text, text)]
    rows = [(made, [(heads[0], Panel(TRUTH, text))])]
    return render("panels.comparison", heads=heads, rows=rows, url=panels.Urls())


def headings(text: str) -> str:
    shown, set_ = shown_of([row(True)], TRUTH), set_of(domains=Domains(text, text))
    listed = panels.panels_of(shown, LESSON)
    return loop.draw(shown, panels.headings(shown, set_), listed, LESSON)


def verdict(text: str) -> str:
    """Of a picture that is of neither kind, which names a side."""
    shown, set_ = shown_of([row(True), row(False)]), set_of(domains=Domains(text, text))
    set_.__dict__["apart"] = {"xy": 10.0, "yx": 10.0}
    return sentence.tell(shown, set_)


def foreign(text: str, **metrics):
    """A variant whose files say `text` wherever they can say anything."""
    found = variant(FULL, metrics)
    facts = {"layout": text, "notes": [text]}
    return replace(found, config=replace(found.config, domains=Domains(text, text), facts=facts))


def measured(text: str) -> str:
    G = {"rmse": 1.0, text: 2.0}
    ends = {"G": {"rmse": [0.5, 1.5], text: [1, 2]}, "unchanged": {"G": {text: [1, 2]}}}
    told = foreign(text, G=G, items=3, size=8, unchanged={"G": G}, intervals=ends)
    return panels.measured(set_of(told), "xy")


def shelf(text: str) -> str:
    set_ = CheckpointSet(text, Path("nowhere"), (foreign(text, G={"cycle_error": 1.0}),))
    library = Library([])
    library.sets[text] = set_
    return cards.shelf(library, [text]) + cards.opened(set_)


def licence(text: str, tmp_path: Path) -> str:
    (tmp_path / "README.md").write_text(f"---\nlicense: {text!r}\n---\n", encoding="utf-8")
    library = Library([])
    library.sets["set"] = CheckpointSet("set", tmp_path, (variant(FULL),))
    return cards.shelf(library, ["set"])


def laboratory(text: str, tmp_path: Path) -> lab.Report:
    values = labs.report(("gan", "cyclegan"))
    values["machine"] = text
    for one in values["variants"]:
        one.update(title=text, terms=text, source=text)
        one["figures"]["G"][text] = {"mean": 1.0, "spread": 0.5}
    tables = [{"table": text, "direction": text, "rows": {text: [0.5]}}]
    values["paper"] = {"source": text, "data": text, "figures": [text], "tables": tables}
    return lab.read(labs.write(tmp_path / "lab", values))


def report(text: str, tmp_path: Path) -> str:
    found = laboratory(text, tmp_path)
    return "".join(
        [
            lab_panels.introduction(found),
            lab_tables.tables(found, "xy"),
            lab_panels.paper(found),
            curves.key(found, [row.name for row in found.rows]),
        ]
    )


def report_pictures(text: str, tmp_path: Path) -> str:
    found = laboratory(text, tmp_path)
    cells = [cell(found, one.name) for one in found.rows]
    grid = lab_panels.grid(cells, flat((9, 9, 9)), flat((1, 1, 1)), "xy", found)
    return grid + film.draw(found, *found.rows)


def prediction(text: str, tmp_path: Path) -> str:
    found = laboratory(text, tmp_path)
    return predictions.verdict(found, ["gan", "cyclegan"], "gan", "fine")


def training(text: str) -> str:
    settings = replace(
        live.SETTINGS,
        base=replace(live.SETTINGS.base, domains=Domains(text, text)),
        arms=tuple(replace(arm, name=text) for arm in live.SETTINGS.arms),
    )
    seen = replace(live.RUNNING, state=text, sentence=text, notice=text)
    changes = (live.change(5, text, arm=1), live.change(6, text, arm=0))
    logs = live.log(1, 2, term=text), live.log(1, 2, term=text)
    return "".join(
        [
            live_panels.status(seen, settings),
            stage.draw(text, live.pictures(), settings, changes),
            stage.feed(text, [1], [stage.Sheet(b"", [1])]),
            live_panels.weights(settings, changes),
            live_curves.charts(logs, settings, changes, text),
        ]
    )


def run(text: str) -> str:
    line = {"step": 3, "seconds_per_step": 0.5, "figures": {text: 1.0}}
    return curves.summary([line], curves.Origin(LESSON, variant(FULL).method, None))


def sentences(text: str) -> str:
    return "".join(
        [
            cards.failed(text),
            markup.absent(text),
            as_text(text),
            render("train.question", label=text),
            render("train.published", address=text),
            render("train.kept", sentence=text, folders=[text]),
        ]
    )


OF_TEXT: list[Callable[[str], str]] = [
    *(comparison, headings, verdict, measured, shelf, training, run, sentences),
    lambda text: panels.thumbnails([(text, TRUTH)], 0),
    lambda text: close_ups.draw(closer(judge=text), set_of()),
]
OF_FILES: list[Callable[[str, Path], str]] = [licence, report, report_pictures, prediction]


def assert_only_words(hostile: str, harmless: str, text: str) -> None:
    found, expected = Skeleton(hostile), Skeleton(harmless)
    assert found.tags == expected.tags, "the words have become markup"
    # A visitor reads exactly what was written: neither less, nor with entities in it.
    forms = {form.lower() for form in (text, json.dumps(text)[1:-1])}  # Some values are JSON.
    swap = lambda words: sum(map(words.lower().count, forms))  # noqa: E731
    count = expected.words.lower().count(HARMLESS)
    assert swap(found.words) == count > 0
    in_values = sum(value.lower().count(HARMLESS) for value in expected.values)
    assert sum(map(swap, found.values)) == in_values


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("panel", OF_TEXT)
def test_words_on_a_panel_are_only_words(panel, text):
    assert_only_words(panel(text), panel(HARMLESS), text)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("panel", OF_FILES)
def test_words_of_files_are_only_words(panel, text, tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
    assert_only_words(panel(text, tmp_path / "a"), panel(HARMLESS, tmp_path / "b"), text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_formula_is_only_mathematics(text):
    tags = {tag for tag, *_ in Skeleton(formula(text)).tags}
    assert tags <= {"math", "mi", "mn", "mo", "msub", "msup", "msubsup"}
    assert Skeleton(formula(text)).words == re.sub(r"[\s_]", "", text)


# What should be a number or an address, and is none.


NUMBERS = [*HOSTILE[:3], ["a"], {"b": "c"}, True, None, float("nan"), 10**400]


@pytest.mark.parametrize("value", NUMBERS, ids=lambda value: str(value)[:20])
def test_what_should_be_a_number_is_not_drawn_as_one(value, tmp_path):
    G = {"rmse": value, "cycle_error": 3.5}
    for metrics in (
        {"pairs": value, "items": value, "size": value, "G": G, "unchanged": {"G": G}},
        {"items": 3, "size": value, "G": G, "unchanged": value},
    ):
        made_up = variant(FULL, metrics)
        page = Page(panels.measured(set_of(made_up), "xy"))
        assert "3.5" in page.words and "rmse" not in page.words.lower()
        assert "held-out" not in page.words and str(value) not in page.words
        set_ = CheckpointSet("set", tmp_path, (made_up,))
        library = Library([])
        library.sets["set"] = set_
        assert str(value) not in Page(cards.shelf(library, ["set"])).words
    none = set_of(variant(FULL, {"G": value}), variant(GAN, {"G": [value]}))
    assert panels.measured(none, "xy") == ""
    lines = [{"step": value, "terms": {"gan_G": 1.0}}, {"step": 1, "terms": {"gan_G": value}}]
    assert live_curves.charts((lines, [{"terms": value}]), live.SETTINGS, (), "gan_G") == ""
    values = labs.report(("gan", "cyclegan"))
    tables = [{"table": 4, "direction": "there", "rows": {"gan": [value]}}]
    values["paper"] = {**values["paper"], "tables": tables}
    found = lab.read(labs.write(tmp_path / "lab", values, frames=False))
    assert str(value) not in Page(lab_panels.paper(found)).words


@pytest.mark.parametrize(
    ("address", "is_linked"),
    [
        ("https://huggingface.co/me/horses", True),
        ("http://127.0.0.1:8000/me/horses", True),
        ("javascript:alert(1)", False),
        (" JavaScript:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ('//evil.example/"onclick="alert(1)', False),
    ],
)
def test_only_addresses_of_the_web_are_links(address, is_linked):
    page = Page(render("train.published", address=address))
    assert [a["href"] for a in page.all("a")] == ([address] if is_linked else [])
    assert " ".join(address.split()) in page.words


# The same words in Markdown, which the Hub and others make HTML of.

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
IN_MARKDOWN = [
    *HOSTILE,
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "<https://evil.example> **bold** _em_ ~~gone~~",
    "`code` ``two`` \\` \\",
    "a | b\n\n# heading\n- item\n```\nfence",
]


@pytest.mark.parametrize("text", IN_MARKDOWN)
def test_words_in_markdown_are_only_words(text):
    words = " ".join(text.split())
    document = f"| a | b |\n|---|---|\n| {plain(text)} | {code(text)} |"
    page = Skeleton(MARKDOWN.render(document))
    assert [tag for tag, *_ in page.tags] == [
        *("table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td", "code")
    ]
    assert page.words.count(words) == 2
    block = Skeleton(MARKDOWN.render(f"{fenced(text, 'bash')}\n\nend"))
    assert block.tags == [("pre",), ("code", "class"), ("p",)] and text in block.words


@pytest.mark.parametrize("text", IN_MARKDOWN)
def test_a_card_and_a_report_repeat_strangers_words_as_words(text, tmp_path):
    tags = {}
    for name, said in (("hostile", text), ("harmless", HARMLESS)):
        folder = tmp_path / name
        for i, objective in enumerate((FULL, GAN)):
            write(folder / f"v{i}", objective)
            config = checkpoints.read_config(folder / f"v{i}")
            facts = {**config.facts, "machine": said}
            data = replace(config.training, data=said)
            config = replace(config, domains=Domains(said, said), facts=facts, training=data)
            checkpoints.files.write_json(folder / f"v{i}" / checkpoints.CONFIG, config.to_dict())
            metrics = {"items": said, "size": said, "G": {said: 1.0, "rmse": 2.0}}
            checkpoints.files.write_json(folder / f"v{i}" / checkpoints.METRICS, metrics)
        made, _ = card.write(folder, checkpoints.find(folder), "me/set")
        values = labs.report(("gan", "cyclegan"))
        settings = {"generator": {"width": 2, "blocks": 1}, "discriminator": {"width": 2}}
        settings["training"] = {"batch": 1, "precision": "float32"}
        values.update(data=said, machine=[said], networks="ResNet", settings=settings)
        for one in values["variants"]:
            one["title"] = said
        lines = [made.split("---", 2)[2], report_text.markdown(values)]
        pages = [Skeleton(MARKDOWN.render(part)) for part in lines]
        assert all(" ".join(said.split()) in page.words for page in pages)
        tags[name] = [page.tags for page in pages]
    assert tags["hostile"] == tags["harmless"]
