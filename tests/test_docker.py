"""The Dockerfile: built and started where Docker is at hand, else its steps done one by one.

What such a run through the steps cannot show is whether the base image has what the RUN lines need.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import uuid
from pathlib import Path, PurePosixPath

import pytest
from started import EXAMPLE, found, free_port, started, translate

ROOT = Path(__file__).parent.parent

LEFT_OUT = (".env", "runs/a.txt", "cyclegan/.secret", "cyclegan/__pycache__/a.pyc", "bench/a.py")


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile and its words; none goes over several lines."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return [(name, words) for name, words in pairs]


def command(instruction: str) -> list[str]:
    """The words in brackets, as of ENTRYPOINT, with this Python for the image's."""
    words = next(words for name, words in instructions() if name == instruction)
    listed = json.loads(words[words.index("[") :])
    return [sys.executable if word == "python" else word for word in listed]


def is_sent(path: str) -> bool:
    """Whether .dockerignore lets a file go to the build: the last line that matches decides."""
    parts = PurePosixPath(path).parts
    sent = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split():
        pattern = line.removeprefix("!")
        deep = pattern.startswith("**/")
        ends = range(1, len(parts) + 1)
        tried = parts if deep else ["/".join(parts[:end]) for end in ends]
        if any(fnmatch.fnmatchcase(one, pattern.removeprefix("**/")) for one in tried):
            sent = line.startswith("!")
    return sent


def context() -> list[str]:
    """All files of the project that are sent to a build."""
    paths = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inside = (Path(folder, name).relative_to(ROOT).as_posix() for name in names)
        paths += filter(is_sent, inside)
    return paths


def copied(sources: list[str], target: Path) -> None:
    """What COPY does: files into a folder, and what is in folders."""
    for source in sources:
        found = [path for path in context() if path == source or path.startswith(f"{source}/")]
        assert found, f"COPY finds no {source}"
        for path in found:
            inside = Path(path).name if path == source else Path(path).relative_to(source)
            place = target / inside
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, place)


def done_by_hand(folder: Path) -> dict[str, str]:
    """The steps in an empty folder, but for what RUN installs and whom it adds; returns ENV."""
    environment = {}
    for name, words in instructions():
        if name == "COPY":
            *sources, target = shlex.split(words)
            copied(sources, folder / target)
        elif name == "RUN" and (listed := re.search(r"pip install .*-r (\S+)", words)):
            assert (folder / listed[1]).is_file(), "pip finds no requirements"
        elif name == "RUN":
            for made in re.findall(r"mkdir (\S+)", words):
                (folder / made).mkdir()
        elif name == "ENV":
            environment |= dict(pair.split("=", 1) for pair in shlex.split(words))
    return environment


def has_docker() -> bool:
    """Whether there is a server behind the command."""
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "info"], capture_output=True, timeout=60).returncode == 0


@pytest.mark.parametrize("path", LEFT_OUT)
def test_nothing_private_is_sent_to_a_build(path):
    assert not is_sent(path)


def test_the_page_is_sent_to_a_build():
    top = {path.split("/")[0] for path in context()}
    assert top == {"app.py", "LICENSE", "requirements.txt", "cyclegan", "checkpoints"}


def test_a_page_that_nobody_runs_as_root_and_that_says_how_it_is():
    names = [name for name, _ in instructions()]
    assert dict(instructions())["USER"] != "root" and names.index("USER") < names.index(
        "ENTRYPOINT"
    )
    assert "--host 0.0.0.0" in " ".join(command("ENTRYPOINT"))
    port = re.search(r"GRADIO_SERVER_PORT=(\d+)", dict(instructions())["ENV"])[1]
    assert dict(instructions())["EXPOSE"] == port


@pytest.mark.skipif(has_docker(), reason="Docker is at hand, and builds it")
def test_its_steps_make_a_page(tmp_path):
    folder = tmp_path / "app"
    folder.mkdir()
    environment = done_by_hand(folder)
    with started(command("ENTRYPOINT"), folder, environment) as url:
        assert 0 < translate(url, folder / EXAMPLE)["cycle_error"] < 40
        own = {**os.environ, "GRADIO_SERVER_PORT": url.rsplit(":", 1)[1]}
        health = command("HEALTHCHECK")
        assert subprocess.run(health, env=own, timeout=60).returncode == 0
    assert subprocess.run(health, env=own, capture_output=True, timeout=60).returncode != 0


@pytest.mark.timeout(1800)
@pytest.mark.skipif(not has_docker(), reason="no Docker here; its steps are tried without")
def test_the_image_is_a_page():
    """Built from nothing this takes minutes; Docker keeps the layers."""
    name, port = f"cyclegan-test-{uuid.uuid4().hex[:8]}", free_port()
    subprocess.run(["docker", "build", "--quiet", "--tag", name, str(ROOT)], check=True)
    try:
        publish = ["--publish", f"127.0.0.1:{port}:7860"]
        subprocess.run(["docker", "run", "--detach", "--name", name, *publish, name], check=True)
        url = f"http://127.0.0.1:{port}"
        found(url)
        assert 0 < translate(url, ROOT / EXAMPLE)["cycle_error"] < 40
        who = subprocess.run(["docker", "exec", name, "id", "-un"], capture_output=True, text=True)
        assert who.stdout.strip() == "page"
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True)
        subprocess.run(["docker", "rmi", name], capture_output=True)
