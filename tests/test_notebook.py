"""docs/cyclegan.ipynb, run as a reader runs it: every cell in a kernel, in a folder of its own."""

import base64
import io
import json
import os
import re
import subprocess
from pathlib import Path

import hub_server
import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from PIL import Image
from tiny import noise

from cyclegan.core import palette
from cyclegan.store import checkpoints
from cyclegan.training.runs import read_log

ROOT = Path(__file__).parents[1]
PATH = ROOT / "docs" / "cyclegan.ipynb"
TOKEN = "hf_veryverysecret"
TINY = {"width": 2, "blocks": 1, "discriminator_width": 2, "device": "cpu"}

# Of the library's own event loop.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def notebook() -> NotebookNode:
    return nbformat.read(PATH, as_version=4)


def run(found: NotebookNode, folder: Path, **environment: str) -> None:
    """Execute all cells in `folder`; raises what the first bad cell raises."""
    kept = {k: v for k, v in os.environ.items() if k not in ("HF_TOKEN", "PYTHONPATH")}
    env = {**kept, "OMP_NUM_THREADS": "1", "HF_HOME": str(folder / "hub"), **environment}
    place = {"metadata": {"path": str(folder)}}
    NotebookClient(found, timeout=300, kernel_name="python3", resources=place).execute(env=env)


def pictures(cell: NotebookNode) -> list[Image.Image]:
    data = [out.data["image/png"] for out in cell.outputs if "image/png" in out.get("data", {})]
    return [Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB") for png in data]


def said(cell: NotebookNode) -> str:
    return "".join(out.text for out in cell.outputs if out.get("name") == "stdout")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The cells by id after all have run, the folder they ran in, and the Hub they pushed to."""
    folder, found = tmp_path_factory.mktemp("elsewhere"), notebook()
    noise(90, 70).save(folder / "mine.png")
    cells = {cell.id: cell for cell in found.cells}
    exec(cells["parameters"].source, asked := {})
    cells["parameters"].source = "\n".join(
        f"{name} = {value!r}"
        for name, value in {
            "PICTURE": "mine.png",
            "SAME": {**asked["SAME"], **TINY},
            "RUNS": "trained",
            "REPO": "tester/drawing",
        }.items()
    )
    with hub_server.serve() as server:
        server.token = TOKEN
        run(found, folder, PYTHONPATH=str(ROOT), HF_TOKEN=TOKEN, **server.environment)
    return cells, folder, server


def test_every_cell_has_run_and_none_has_failed(ran):
    counts = [c.execution_count for c in ran[0].values() if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize(
    ("cell", "columns", "rows"), [("compare", 4, 2), ("own", 3, 2), ("swapped", 4, 2)]
)
def test_pictures_are_shown(ran, cell, columns, rows):
    (sheet,) = pictures(ran[0][cell])
    assert columns * 256 < sheet.width < (columns + 1) * 256 and sheet.height > rows * 256
    assert len(sheet.getcolors(sheet.width * sheet.height)) > 100
    assert sheet.getpixel((0, 0)) == Image.new("RGB", (1, 1), palette.PAPER).getpixel((0, 0))


def test_a_hundred_steps_of_both_are_logged_and_plotted(ran):
    cells, folder, _ = ran
    (run_folder,) = (folder / "trained").iterdir()
    logs = {path.name: read_log(path) for path in run_folder.iterdir()}
    assert {name: [line["step"] for line in lines] for name, lines in logs.items()} == {
        "with": list(range(1, 101)),
        "without": list(range(1, 101)),
    }
    assert {"cycle_forward", "identity_G"} <= logs["with"][0]["terms"].keys()
    assert "cycle_forward" not in logs["without"][0]["terms"]
    assert len(pictures(cells["plot"])) == len(pictures(cells["samples"])) == 1
    told = re.findall(
        r"(\w+) the cycle loss: 100 steps, cycle error ([\d.]+)\n", said(cells["plot"])
    )
    known = {name: f"{lines[-1]['figures']['cycle_error']:.1f}" for name, lines in logs.items()}
    assert dict(told) == known


def test_the_training_arrives_on_the_hub_and_the_token_nowhere_else(ran):
    cells, folder, server = ran
    repo = server.repos["tester/drawing"]
    pushed = server.files("tester/drawing")
    assert repo.private and {"config.json", "model.safetensors", "README.md"} <= set(pushed)
    assert said(cells["pushing"]) == f"{server.url}/tester/drawing\n"
    assert json.loads(pushed["config.json"])["objective"]["cycle_forward"] == 10
    assert TOKEN not in nbformat.writes(nbformat.v4.new_notebook(cells=list(cells.values())))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files and not any(TOKEN.encode() in path.read_bytes() for path in files)


def test_the_committed_file_has_no_outputs_and_its_words_are_the_files():
    found = notebook()
    nbformat.validate(found)
    code = [cell for cell in found.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    text = json.dumps(found.metadata)
    assert "python3" in text and "/" not in text
    words = " ".join("\n".join(c.source for c in found.cells if c not in code).split())
    with_it, without = (
        checkpoints.read_metrics(checkpoints.BUNDLED / "drawing" / name)
        for name in ("gan-cycle-identity", "gan-identity")
    )
    assert (
        f"Over all {with_it['items']} held-out drawings, the cycle error of these networks is "
        f"{with_it['G']['cycle_error']:.1f} with the cycle loss and "
        f"{without['G']['cycle_error']:.1f} without it." in words
    )


# The first cell, where there is no project yet


@pytest.fixture
def elsewhere(tmp_path) -> Path:
    """A folder with nothing in it."""
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def first_cell(address: str) -> NotebookNode:
    """It alone, with an address, and what it finds."""
    cell = next(cell for cell in notebook().cells if cell.id == "project")
    assert 'ADDRESS = ""' in cell.source
    cell.source = cell.source.replace('ADDRESS = ""', f"ADDRESS = {address!r}")
    look = nbformat.v4.new_code_cell("import cyclegan\nprint(cyclegan.__file__)")
    return nbformat.v4.new_notebook(cells=[cell, look])


def test_the_first_cell_brings_the_project(tmp_path, elsewhere):
    """A clone of the newest commit alone, and what its requirements name: here, nothing."""
    project = tmp_path / "project"
    (project / "cyclegan").mkdir(parents=True)
    (project / "cyclegan" / "__init__.py").touch()
    (project / "requirements.txt").touch()

    def git(*words: str) -> str:
        name = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        done = subprocess.run(
            ["git", *name, *words], cwd=project, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    git("add", ".")
    for n in range(2):
        git("commit", "-q", "--allow-empty", "-m", str(n))
    found = first_cell(project.as_uri())
    run(found, elsewhere)
    project = elsewhere / "cyclegan-lesson"
    assert said(found.cells[1]).strip() == str(project / "cyclegan" / "__init__.py")
    assert git("rev-list", "--count", "HEAD") == "1"


def test_in_the_repository_it_is_found(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (tmp_path / "cyclegan").mkdir()
    (tmp_path / "cyclegan" / "__init__.py").touch()
    found = first_cell("")
    run(found, docs)
    assert said(found.cells[1]).strip() == str(tmp_path / "cyclegan" / "__init__.py")


def test_without_an_address_it_says_what_to_do(elsewhere):
    with pytest.raises(CellExecutionError, match="Write the project's address into ADDRESS"):
        run(first_cell(""), elsewhere)
