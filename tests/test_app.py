"""The command line of the page."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import pytest
import torch
from tiny import config, noise
from variants import FULL, GAN, write

import app
from cyclegan import lessons
from cyclegan.core.registry import PLUGINS
from cyclegan.labs.ablation.variants import groups
from cyclegan.labs.live import Director
from cyclegan.page import lab
from cyclegan.page.demo import build_demo
from cyclegan.page.library import Library
from cyclegan.page.meanwhile import first_result
from cyclegan.store import checkpoints

ROOT = Path(__file__).parent.parent


def test_help_names_the_flags(capsys):
    with pytest.raises(SystemExit) as stopped:
        app.main(["--help"])
    assert stopped.value.code == 0
    words = capsys.readouterr().out
    flags = "--host", "--port", "--share", "--checkpoints", "--device"
    assert all(flag in words for flag in flags)


def test_no_checkpoints_is_a_sentence(capsys, tmp_path):
    assert app.main(["--checkpoints", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "No finished checkpoint lies in" in error and error.count("\n") == 1


def test_a_plug_in_that_is_not_there_is_a_sentence(capsys, monkeypatch):
    monkeypatch.setenv(PLUGINS, "nowhere_to_be_found")
    assert app.main([]) == 2
    error = capsys.readouterr().err
    assert "nowhere_to_be_found" in error and error.count("\n") == 1


def test_a_lesson_of_a_taken_name_is_a_sentence(capsys, monkeypatch, tmp_path):
    source = "from cyclegan import lessons\nlessons.register(lessons.Folder('satellite2map'))\n"
    (tmp_path / "taken_name.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(PLUGINS, "taken_name")
    assert app.main([]) == 2
    assert "There is a lesson satellite2map already" in capsys.readouterr().err


def test_a_device_that_is_not_there_is_a_sentence(capsys, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert app.main(["--device", "cuda"]) == 2
    assert "no cuda device here" in capsys.readouterr().err


def test_a_taken_port_is_a_sentence(capsys, tmp_path):
    write(tmp_path / "set" / "gan", GAN)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert app.main(["--checkpoints", str(tmp_path), "--port", str(port)]) == 2
    error = capsys.readouterr().err
    assert str(port) in error and "Traceback" not in error


@pytest.mark.parametrize(
    "error",
    [
        OSError("Cannot find empty port in range: 7860-7959"),
        ValueError("When localhost is not accessible, a shareable link must be created."),
        OverflowError("bind(): port must be 0-65535."),
        PermissionError(13, "Permission denied", "/tmp/gradio"),
        RuntimeError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_launch_raises_is_a_sentence(error, capsys, tmp_path, monkeypatch):
    def launch(*_, **__):
        raise error

    write(tmp_path / "set" / "gan", GAN)
    monkeypatch.setattr(gr.Blocks, "launch", launch)
    assert app.main(["--checkpoints", str(tmp_path), "--no-training"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("app.py: the page does not open: ") and said.count("\n") == 1
    assert (str(error) or "RuntimeError") in said


def test_a_port_that_is_none_is_a_sentence(capsys, tmp_path):
    write(tmp_path / "set" / "gan", GAN)
    assert app.main(["--checkpoints", str(tmp_path), "--port", "99999", "--no-training"]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.fixture
def opened(monkeypatch) -> list[gr.Blocks]:
    """The pages that `app.main` would have opened."""
    found = []

    def launch(demo, **_):
        found.append(demo)
        return None, "http://127.0.0.1:7860/", None

    monkeypatch.setattr(gr.Blocks, "launch", launch)
    monkeypatch.setattr(gr.Blocks, "block_thread", lambda demo: None)
    return found


@pytest.mark.parametrize("place", ["runs", "runs/live"])
def test_where_nothing_can_be_written_the_page_opens_without_training(
    place, opened, caplog, tmp_path, monkeypatch
):
    write(tmp_path / "set" / "gan", GAN)
    monkeypatch.chdir(tmp_path)
    Path(place).parent.mkdir(exist_ok=True)
    Path(place).write_text("a file")
    assert app.main(["--checkpoints", "set"]) == 0
    assert len(opened) == 1 and "Nothing can be trained here" in caplog.text
    words = [str(getattr(block, "value", "")) for block in opened[0].blocks.values()]
    assert any("Training is switched off" in word for word in words)


@pytest.mark.parametrize("kind", ["a file", "nothing", "a folder of another user"])
def test_a_page_without_a_temporary_folder_of_its_own_says_so(kind, caplog, tmp_path, monkeypatch):
    place = tmp_path / "tmp"
    if kind == "a file":
        place.write_text("")
    if kind == "a folder of another user":
        error = PermissionError(13, "Permission denied")
        monkeypatch.setattr("tempfile.mkdtemp", lambda **_: (_ for _ in ()).throw(error))
        place = tmp_path
    monkeypatch.setattr("tempfile.tempdir", str(place))
    with contextlib.ExitStack() as stack:
        assert app.settle(stack) is None
    assert "no temporary folder of its own" in caplog.text


@pytest.mark.parametrize("others", [None, "example.org", "a,b"])
def test_no_proxy_leads_to_this_machine(others, monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, others) if others else monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with contextlib.ExitStack() as stack:
        app.settle(stack)
        for name in ("NO_PROXY", "no_proxy"):
            listed = os.environ[name].split(",")
            assert {"localhost", "127.0.0.1", *(others.split(",") if others else ())} <= {*listed}


@pytest.mark.parametrize(
    ("arguments", "private"),
    [
        ([], True),
        (["--host", "127.0.0.5"], True),
        (["--host", "localhost"], True),
        (["--host", "0.0.0.0"], False),
        (["--host", "192.168.1.7"], False),
        (["--share"], False),
    ],
)
def test_a_page_that_others_reach_has_limits_and_a_link_for_its_host(
    arguments, private, opened, capsys, tmp_path, monkeypatch
):
    for name in ("GRADIO_SERVER_NAME", "GRADIO_SHARE", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    write(tmp_path / "set" / "gan", GAN)
    monkeypatch.chdir(tmp_path)
    assert app.main(["--checkpoints", "set", *arguments]) == 0
    desk = opened[0].desk
    assert desk.house.private == private and (desk.sweeper is None) == private
    assert (f"?host={desk.visitors.host_key}" in capsys.readouterr().out) != private


def test_the_bundled_set_has_the_four_variants_of_both_switches():
    set_ = Library([checkpoints.BUNDLED]).sets["satellite2map"]
    assert len(set_.examples) == 12
    switches = {variant.switches for variant in set_.variants}
    assert switches == {(cycle, identity) for cycle in (True, False) for identity in (True, False)}
    assert all(variant.metrics for variant in set_.variants)
    assert set_.is_fair
    shipped = sum(path.stat().st_size for path in set_.folder.rglob("*.safetensors"))
    assert shipped <= 40 * 2**20


LABORATORIES = {
    "satellite2map-ablation": ({*groups()["paper"], *groups()["identity"], "pix2pix"}, 3),
    "drawing-ablation": ({*groups()["settings"], "cyclegan-identity"}, 2),
}
"""Rows that each has, and of how many seeds at the least."""


def test_the_bundled_laboratories_have_figures_of_every_row():
    """The one with the paper's rows is opened first, and has their weights."""
    library = Library([checkpoints.BUNDLED])
    found = lab.find(library)
    assert list(found) == list(LABORATORIES)
    for title, laboratory in found.items():
        report, (wanted, seeds) = lab.read(laboratory.folder), LABORATORIES[title]
        names = {row.name for row in report.rows}
        assert wanted | laboratory.weights.keys() <= names
        assert all(row.seeds >= seeds for row in report.rows if row.name in wanted)
        assert all(row.parameters for row in report.rows if row.settings)
        for variant in laboratory.weights.values():
            made = library.translator(variant.source).translate(noise(32, 32))
            assert made.translation.size == (32, 32)
        for row in report.rows:
            assert (report.frames / row.name / f"{report.steps:06d}.webp").exists()
    first, (of_the_paper, _) = next(iter(LABORATORIES.items()))
    assert of_the_paper <= found[first].weights.keys()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone: nobody says what is tracked")
def test_a_checked_out_tree_stays_below_200_megabytes():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    tracked = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    assert sum(path.lstat().st_size for path in tracked if path.exists()) <= 200e6


def test_networks_run_inside_the_gpu_wrapper_of_a_zerogpu_space(monkeypatch, tmp_path):
    """Every function that runs networks goes through spaces.GPU, and none runs outside it."""
    wrapped = []

    def gpu(duration):
        def decorate(function):
            wrapped.append(function.__name__)

            def refuse(*arguments):
                raise AssertionError("a GPU is asked for before there is a visitor")

            return refuse

        return decorate

    spaces = types.ModuleType("spaces")
    spaces.__spec__ = types.SimpleNamespace()
    spaces.GPU = gpu
    monkeypatch.setitem(sys.modules, "spaces", spaces)
    write(tmp_path / "set" / "full", FULL)
    (tmp_path / "set" / "examples").mkdir()
    for side in "xy":
        noise(32, 32).save(tmp_path / "set" / "examples" / f"1-here-{side}.png")
    demo = build_demo(Library([tmp_path / "set"]), app.gpu_wrapper())
    assert isinstance(demo, gr.Blocks)
    assert sorted(wrapped) == ["run", "work"]


def test_a_lesson_without_weights_is_offered_under_train_alone(tmp_path):
    write(tmp_path / "set" / "gan", config(GAN, data="drawing"))
    (title,) = (library := Library([tmp_path / "set"])).sets
    director = Director(tmp_path / "live")
    demo = build_demo(library, director=director)
    director.close()
    offered = {b.elem_id: b.choices for b in demo.blocks.values() if hasattr(b, "choices")}
    listed = [(lesson.title, lesson.name) for lesson in lessons.all_lessons()]
    assert ("upright ↔ upside down", "turned") in listed
    assert offered["data"][: len(listed)] == listed
    assert [key for _, key in offered["chosen-set"]] == [title]


def test_examples_are_translated_ahead_where_it_costs_nobody(monkeypatch, tmp_path):
    write(tmp_path / "set" / "gan", GAN)
    asked = threading.Event()
    monkeypatch.setattr(Library, "work_ahead", lambda self, is_wanted: asked.set())
    app.build([str(tmp_path / "set")])
    assert not asked.wait(0.2)
    app.build([str(tmp_path / "set")], is_wanted=lambda: True)
    assert asked.wait(5)


LATE = "torchvision", "torch._dynamo", "sympy", "scipy", "skimage", "matplotlib"
"""What takes long to import, and is not needed for the page as it opens."""

BEGUN = f"""
import sys
import app
from cyclegan.page import compare, meanwhile
first = meanwhile.first_result

def seen(library):
    (title,) = library.sets
    with first(library):
        print(compare.opening(title, library.sets[title]).has_picture, "gradio" in sys.modules)
    print(compare.needs_networks(library, compare.opening(title, library.sets[title])))
    print([name for name in ("gradio", *{LATE}) if name in sys.modules])
    return first(library)

meanwhile.first_result = seen
app.build(sys.argv[1:])
print([name for name in ("gradio", *{LATE}) if name in sys.modules])
"""


def test_the_first_result_needs_no_gradio_and_the_page_nothing_that_comes_later(tmp_path):
    for name, objective in (("full", FULL), ("gan", GAN)):
        write(tmp_path / "set" / name, config(objective, data="drawing"))
    command = [sys.executable, "-c", BEGUN, str(tmp_path / "set")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    said = ["True False", "False", "[]", "['gradio']"]
    assert done.stdout.splitlines() == said, done.stderr


def test_networks_have_all_threads_again_after_the_first_result(tmp_path):
    write(tmp_path / "set" / "full", FULL)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with first_result(Library([tmp_path / "set"])):
            pass
        with ThreadPoolExecutor(1) as new:
            assert new.submit(torch.get_num_threads).result() == 2
    finally:
        torch.set_num_threads(before)


def test_without_the_spaces_package_functions_stay_as_they_are(monkeypatch):
    monkeypatch.setattr(app.importlib.util, "find_spec", lambda name: None)
    assert app.gpu_wrapper()(len) is len


@pytest.mark.parametrize(
    "argv, environment, private",
    [
        ([], {}, True),
        (["--host", "127.0.0.1"], {}, True),
        (["--host", "0.0.0.0"], {}, False),
        (["--share"], {}, False),
        ([], {"GRADIO_SERVER_NAME": "0.0.0.0"}, False),
        ([], {"GRADIO_SHARE": "True"}, False),
        ([], {"SPACE_ID": "user/space"}, False),
    ],
)
def test_only_a_visitor_at_this_machine_may_name_its_paths(monkeypatch, argv, environment, private):
    for name in ("GRADIO_SERVER_NAME", "GRADIO_SHARE", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    args = app.build_parser().parse_args(argv)
    assert app.is_private(args) == private
    assert args.allow_hub == ("SPACE_ID" not in environment)
    assert app.build_parser().parse_args([*argv, "--no-allow-hub"]).allow_hub is False


def test_a_weight_file_can_be_offered(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("cyclegan.page.demo.build_demo", lambda library, *_: seen.append(library))
    write(tmp_path / "set" / "gan", GAN)
    golden = Path(__file__).parent / "golden" / "latest_net_G_A.pth"
    app.build([str(tmp_path / "set"), str(golden)])
    assert [title.split("/")[-1] for title in seen[0].sets] == ["set", "latest_net_G_A.pth"]


def test_others_in_the_network_are_told_where():
    address = app.in_the_network("http://0.0.0.0:7860/")
    if address:  # There may be no network here.
        assert re.fullmatch(r"http://\d+(\.\d+){3}:7860/", address) and "0.0.0.0" not in address
    assert app.in_the_network("http://127.0.0.1:7860/") is None
    assert app.in_the_network("http://192.168.0.7:7860/") is None
