"""A page that is started as another machine starts it: a command in a folder, found by HTTP."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gradio_client import Client, handle_file
from PIL import Image

PATIENCE = 150
"""Seconds until a page has to be there."""

EXAMPLE = "checkpoints/satellite2map/examples/01-iberia-x.png"
"""In the page's folder."""


@contextmanager
def started(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of a page that `command` opens in `folder`, until the end of the block."""
    port = free_port()
    # What this process imports, and where it asks, is not the page's.
    own = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "HF_", "GRADIO_"))}
    own |= environment | {"GRADIO_SERVER_PORT": str(port)}
    log = folder.parent / f"{folder.name}.log"
    with open(log, "w") as output:
        process = subprocess.Popen(command, cwd=folder, env=own, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    try:
        found(url, lambda: process.poll() is None)
        yield url
    except BaseException:
        print(log.read_text())
        raise
    finally:
        process.terminate()
        process.wait(60)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def found(url: str, is_alive: Callable[[], bool] = lambda: True) -> None:
    """Wait until the page is there."""
    ends = time.monotonic() + PATIENCE
    while not _answers(url):
        assert is_alive() and time.monotonic() < ends, f"no page at {url}"
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return b"What does cycle consistency do?" in answer.read()
    except OSError:
        return False


def translate(url: str, example: Path) -> dict[str, float]:
    """Errors of an example that the page at `url` translates; three pictures came with them."""
    client = Client(url, verbose=False)
    *pictures, errors = client.predict(
        image=handle_file(example),
        variant="satellite2map/gan-cycle-identity",
        direction="xy",
        api_name="/translate",
    )
    assert len(pictures) == 3
    for path in pictures:
        with Image.open(path) as picture, Image.open(example) as given:
            assert picture.size == given.size and picture.format == "PNG"
    return errors
