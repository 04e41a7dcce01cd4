"""The one reader of texts that anyone may have written: sizes, depths, aliases, numbers."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cyclegan.core import files
from cyclegan.core.files import FileError
from cyclegan.store import checkpoints, hub

ROOT = Path(__file__).parents[1]


def nested(depth: int, mark: str = "[]") -> bytes:
    opening = mark[0] if mark == "[]" else '{"a":'
    return (opening * depth + "1" + mark[1] * depth).encode()


@pytest.mark.parametrize("depth", [1, 20, files.MAX_DEPTH])
@pytest.mark.parametrize("mark", ["[]", "{}"])
def test_what_is_shallow_is_read(depth, mark):
    assert files.parse_json(nested(depth, mark)) == json.loads(nested(depth, mark))


@pytest.mark.parametrize("depth", [files.MAX_DEPTH + 1, 1_000, 1_000_000])
@pytest.mark.parametrize("mark", ["[]", "{}"])
def test_what_is_deep_is_refused_before_it_is_parsed(depth, mark, monkeypatch):
    monkeypatch.setattr("json.loads", lambda *_, **__: pytest.fail("parsed"))
    with pytest.raises(ValueError, match="nested more than"):
        files.parse_json(nested(depth, mark))


@pytest.mark.parametrize(
    "text", ['"[[[["', '"\\"[[[["', '"\\\\"', '["]", "[", "{\\"["]', '"é{[{["']
)
def test_brackets_in_strings_are_no_depth(text, monkeypatch):
    monkeypatch.setattr(files, "MAX_DEPTH", 1)
    assert files.parse_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize("text", [b'"' * 2_000_001, b'\\"' * 1_000_000, b'"' + b"\\" * 2_000_000])
def test_strings_without_an_end_take_no_time(text):
    began = time.monotonic()
    with pytest.raises(ValueError):
        files.parse_json(text)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("size", [1_001, 10_000_000])
def test_a_file_has_a_size(size, tmp_path, monkeypatch):
    path = tmp_path / "metrics.json"
    path.write_bytes(b"[" + b"1," * (size // 2) + b"1]")
    monkeypatch.setattr("json.loads", lambda *_, **__: pytest.fail("parsed"))
    with pytest.raises(FileError, match="has more than 1000 bytes"):
        files.read_json(path, 1000)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff{}", b"1" * 5000, b'{"a": NaN', b"null"]
)
def test_what_is_no_object_is_a_sentence(content, tmp_path):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(FileError, match="JSON"):
        files.read_json(path)


@pytest.mark.parametrize("value", [True, None, "1", [1], {}, float("nan"), float("inf"), 10**400])
def test_what_is_no_number_is_left_out(value):
    assert files.numbers({"a": 1, "b": value, "c": 0.5}) == {"a": 1, "c": 0.5}
    assert files.numbers([value]) == files.numbers(value) == {}


@pytest.mark.parametrize(
    ("metrics", "found"),
    [
        (
            {"pairs": 3, "size": 64, "G": {"rmse": 1.5}},
            {"pairs": 3, "size": 64, "G": {"rmse": 1.5}},
        ),
        ({"pairs": "<img src=x>", "size": {"a": 1}, "G": [1]}, {}),
        ({"pairs": 2.5, "items": True, "F": {"rmse": "1", "ssim": 0.5}}, {"F": {"ssim": 0.5}}),
        ({"unchanged": {"G": {"rmse": 1, "x": None}}}, {"unchanged": {"G": {"rmse": 1}, "F": {}}}),
        ({"unchanged": 7, "H": {"rmse": 1}, "facts": {"a": "b"}}, {}),
    ],
)
def test_of_metrics_only_numbers_are_taken(metrics, found, tmp_path):
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    assert checkpoints.read_metrics(tmp_path) == found


# Cards


def aliases(levels: int, wide: int = 9) -> str:
    lines = [f"a0: &a0 [{','.join('x' * wide)}]"]
    lines += [f"a{k}: &a{k} [{','.join([f'*a{k - 1}'] * wide)}]" for k in range(1, levels)]
    return "\n".join([*lines, f"license: *a{levels - 1}"])


@pytest.mark.parametrize(
    "front",
    [
        aliases(9),
        aliases(2, 3),
        "base: &b\n  license: mit\nlicense: *b",
        "a: &a [*a]\nlicense: *a",
        "x: &x mit\nlicense: *x",
        "[" * 5_000,
        "license: " + "x" * 100_000,
        "license: [mit, apache-2.0]",
        "license: {a: b}",
        "license: !!python/object/apply:os.system ['true']",
        ": :\n- [",
        "license: '" + "y" * 300 + "'",
    ],
    ids=lambda front: front[:20].replace("\n", " "),
)
def test_a_card_costs_nothing_whatever_it_says(front, tmp_path):
    (tmp_path / "README.md").write_text(f"---\n{front}\n---\nHorses.\n")
    script = (
        "import resource, pathlib, sys\n"
        "from cyclegan.store import hub\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (20, 20))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"found = hub.read_card(pathlib.Path({str(tmp_path)!r}))\n"
        "assert found.license is None, found.license\n"
        "assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000\n"
    )
    if sys.platform == "linux" and front.startswith(("a0", "a: ")):  # What once filled the memory.
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
    else:
        assert hub.read_card(tmp_path).license is None


@pytest.mark.parametrize(
    ("front", "named"),
    [
        ("license: mit", "mit"),
        ("license: 'cc0-1.0'\ntags: [a, b]", "cc0-1.0"),
        ("license: other\nlicense_name: my-own", "my-own"),
        ("license: no", "no"),
        ("license: 1.0", "1.0"),
    ],
)
def test_a_licence_is_its_words(front, named, tmp_path):
    (tmp_path / "README.md").write_text(f"---\n{front}\n---\nHorses.\n")
    found = hub.read_card(tmp_path)
    assert found.license == named and found.text == "Horses."
