"""A Space: what it is made of, how it is changed, and that what was uploaded is a working page."""

import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import hub_server
import pytest
from huggingface_hub import constants, snapshot_download
from huggingface_hub.utils import _http
from packaging.requirements import Requirement
from started import EXAMPLE, started, translate
from variants import FULL, GAN, write

from cyclegan.core import files
from cyclegan.core.files import front_matter
from cyclegan.labs.publishing import space, space_files
from cyclegan.labs.publishing.command import main

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")

ROOT = Path(__file__).parent.parent
TOKEN = "hf_veryverysecret"
SPACE = "tester/page"

OURS = {
    *("app.py", "LICENSE", "README.md", "requirements.txt"),
    *("cyclegan/__init__.py", "cyclegan/page/page.css"),
    *(
        f"checkpoints/tiny/{v}/{f}"
        for v in ("a", "b")
        for f in ("config.json", "model.safetensors")
    ),
}
PRIVATE = (
    *(".env", "runs/a/model.safetensors", "bench/x.py", "pupils.csv", "cyclegan/.secret.json"),
    *("cyclegan/__pycache__/x.py", "checkpoints/tiny/a/training.pt", "checkpoints/pupils.csv"),
)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A Hub that knows one login, which this process has; its client does not wait."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    quick = SimpleNamespace(**{**vars(time), "sleep": lambda seconds: None})
    monkeypatch.setattr(_http, "time", quick)
    with hub_server.serve() as server:
        server.token = TOKEN
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield server


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """A small project, downloaded without git, that somebody has worked in."""
    folder = tmp_path / "project"
    for name in (*OURS, *PRIVATE):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n", encoding="utf-8")
    for seed, (name, objective) in enumerate((("a", GAN), ("b", FULL))):
        write(folder / "checkpoints" / "tiny" / name, objective, seed=seed)
    for name in ("README.md", "requirements.txt"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(space_files, "ROOT", folder)
    return folder


def say(monkeypatch, *answers: str) -> None:
    """Somebody sits at a terminal."""
    given = iter(answers)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: next(given))


def puts(server: hub_server.Server) -> list[str]:
    return [request.path for request in server.requests if request.method == "PUT"]


# What it is made of


def test_of_a_download_goes_what_is_the_projects(root):
    gathered = space_files.gather(root)
    assert gathered.files.keys() == OURS and gathered.untracked == []


def test_of_a_clone_goes_what_git_tracks(root):
    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True)

    git("init")
    git("add", "--force", "app.py", "LICENSE", "cyclegan", "checkpoints/tiny/a")
    (root / ".gitignore").write_text("ignored/\n")
    (root / "checkpoints" / "ignored").mkdir()
    (root / "checkpoints" / "ignored" / "config.json").touch()
    (root / "cyclegan" / "link.py").symlink_to(root / ".env")
    git("add", "cyclegan/link.py")
    gathered = space_files.gather(root)
    tracked = {*OURS, "checkpoints/tiny/a/training.pt"}
    assert gathered.files.keys() == {p for p in tracked if not p.startswith("checkpoints/tiny/b")}
    assert gathered.untracked == ["checkpoints/pupils.csv", "checkpoints/tiny/b/"]
    (root / ".git" / "HEAD").unlink()
    with pytest.raises(space_files.HubError, match="git does not say which files"):
        space_files.gather(root)


def test_where_the_pictures_lie_is_nobodys_business(root):
    config = root / "checkpoints" / "tiny" / "a" / "config.json"
    values = files.read_json(config)
    values["training"]["data"] = "/home/teacher/pupils"
    files.write_json(config, values)
    sent = space_files.gather(root).files["checkpoints/tiny/a/config.json"]
    assert b"teacher" not in sent and b'"data": "pupils"' in sent


@pytest.mark.parametrize("file", ["app.py", "README.md", "requirements.txt"])
def test_half_a_project_is_none(file, root):
    (root / file).unlink()
    with pytest.raises(space_files.HubError, match=f"holds no {file}"):
        space_files.gather(root)


def test_a_readme_without_front_matter_makes_no_space(root):
    (root / "README.md").write_text("# Only words\n")
    with pytest.raises(space_files.HubError, match="no sdk_version"):
        space_files.gather(root)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="a download, without git")
def test_a_download_makes_the_same_space_as_a_clone():
    tracked = {path for path in space_files._tracked(ROOT)[0] if space_files._belongs(ROOT, path)}
    lying = {path for path in space_files._lying(ROOT) if space_files._belongs(ROOT, path)}
    assert tracked <= lying, "a kind of file that KINDS does not know"


def test_a_space_has_versions_that_its_platform_and_the_project_allow():
    """Python, PyTorch and Gradio as ZeroGPU has them; all else as the project asks for it."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    asked = {one.name: one for one in map(Requirement, lines)}
    gathered = space_files.gather(ROOT)
    made = {
        one.name: one
        for one in map(Requirement, gathered.files["requirements.txt"].decode().splitlines())
    }
    stated, _ = front_matter(gathered.files["README.md"].decode())
    assert made.keys() == asked.keys()
    fixed = {"gradio": stated["sdk_version"], "torch": "2.11.0", "torchvision": "0.26.0"}
    for name, requirement in made.items():
        if name in fixed:
            assert str(requirement.specifier) == f"=={fixed[name]}"
            assert asked[name].specifier.contains(fixed[name])
        else:
            assert requirement == asked[name]
    assert stated["python_version"] in ("3.12.12", "3.10.13") and stated["sdk"] == "gradio"
    assert gathered.hardware == "zero-a10g"


def test_a_spaces_readme_leads_nowhere_else():
    gathered = space_files.gather(ROOT)
    text = gathered.files["README.md"].decode()
    whole = (ROOT / "README.md").read_text(encoding="utf-8")
    assert front_matter(text)[0] == front_matter(whole)[0]
    assert "# What does cycle consistency do?" in text and "## " not in text
    for target in re.findall(r"\]\(([^)]*)\)", text):
        assert target.startswith("https://"), target


# The upload


@pytest.mark.parametrize("private", [False, True])
def test_a_new_space(private, server, root, capsys):
    more = ["--private", "--hardware", "cpu-basic"] if private else []
    assert main(["space", SPACE, *more]) == 0
    assert capsys.readouterr().out == f"{server.url}/spaces/{SPACE}\n"
    made = server.repos[SPACE]
    assert made.private == private
    assert made.asked["type"] == "space" and made.asked["sdk"] == "gradio"
    assert made.asked["hardware"] == ("cpu-basic" if private else "zero-a10g")
    assert made.messages == ["initial commit", "Upload the page"], "it is never half a page"
    there = server.files(SPACE)
    assert there.keys() - {".gitattributes"} == OURS
    assert there["cyclegan/page/page.css"] == (root / "cyclegan/page/page.css").read_bytes()
    # A second time nothing is sent, and nobody is asked.
    sent = puts(server)
    assert main(["space", SPACE]) == 0
    assert "up to date" in capsys.readouterr().err
    assert len(made.commits) == 2 and puts(server) == sent


@pytest.mark.parametrize("where", ["PUT /lfs/", "POST /api/spaces/.*/commit/"])
def test_after_a_break_the_same_command_goes_on(where, server, root, monkeypatch, capsys):
    monkeypatch.setattr(space, "BATCH_FILES", 1)
    seen = []

    def broken(done: int, total: int) -> None:
        seen.append(done)
        if server.stored:  # After the first of two.
            server.fail(where, after=1000, status=0 if "PUT" in where else 502)

    files_there = space_files.gather(root).files
    change = space.compare(space.named(SPACE), files_there)
    with pytest.raises(space.HubError) as error:
        space.upload(change, "zero-a10g", progress=broken)
    assert str(error.value).startswith(f"{SPACE} could not be uploaded: ")
    assert seen[0] == 0 and seen == sorted(seen)
    assert server.repos[SPACE].messages == ["initial commit"], "nothing half"
    stored = {f"/lfs/{oid}" for oid in server.stored}
    assert len(stored) == (1 if "PUT" in where else 2)
    server.heal()
    server.requests.clear()
    assert main(["space", SPACE, "--yes"]) == 0
    assert server.files(SPACE).keys() - {".gitattributes"} == OURS
    assert not stored & set(puts(server)), "what is there is not sent again"
    assert len(server.stored) == 2


def changed(server: hub_server.Server) -> dict[str, bytes]:
    """Make the Space differ: a module of an older version, its owner's own file, and two more."""
    there = dict(server.files(SPACE))
    there |= {"cyclegan/old.py": b"old", "notes.md": b"mine", "cyclegan/__init__.py": b"other"}
    del there["checkpoints/tiny/b/config.json"]
    server.add(SPACE, there)
    return there


@pytest.mark.parametrize("answer", ["", "n", "y", "Yes"])
def test_a_space_that_exists_is_asked_about(answer, server, root, monkeypatch, capsys):
    main(["space", SPACE])
    there = changed(server)
    capsys.readouterr()
    say(monkeypatch, answer)
    code = main(["space", SPACE])
    err = capsys.readouterr().err
    for words in (
        f"hub: {SPACE} exists.",
        "to be added: checkpoints/tiny/b/config.json\n",
        "to be changed: cyclegan/__init__.py\n",
        "to be deleted: cyclegan/old.py\n",
        "not ours, and kept: notes.md\n",
    ):
        assert words in err
    now = server.files(SPACE)
    if answer.lower().startswith("y"):
        assert code == 0
        assert now.keys() - {".gitattributes"} == {*OURS, "notes.md"}
        assert now["cyclegan/__init__.py"] != b"other" and now["notes.md"] == b"mine"
    else:
        assert code == 1 and now == there and f"{SPACE} stays as it is" in err


def test_where_nobody_can_be_asked_nothing_is_changed(server, root, monkeypatch, capsys):
    main(["space", SPACE])
    there = changed(server)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(["space", SPACE]) == 2
    assert "nobody is here to be asked; --yes changes" in capsys.readouterr().err
    assert server.files(SPACE) == there
    assert main(["space", SPACE, "--yes"]) == 0
    assert "cyclegan/old.py" not in server.files(SPACE)


def test_what_was_changed_meanwhile_is_not_overwritten(server, root):
    main(["space", SPACE])
    changed(server)
    change = space.compare(space.named(SPACE), space_files.gather(root).files)
    there = {**server.files(SPACE), "cyclegan/__init__.py": b"newer"}
    server.add(SPACE, there)
    with pytest.raises(space.HubError, match="was changed meanwhile"):
        space.upload(change, "zero-a10g")
    assert server.files(SPACE) == there


def test_a_gitignore_in_the_space_leaves_nothing_out(server, root):
    server.add(SPACE, {"README.md": b"---\nsdk: gradio\n---\n", ".gitignore": b"checkpoints\n"})
    assert main(["space", SPACE, "--yes"]) == 0
    assert server.files(SPACE).keys() == {*OURS, ".gitignore"}


@pytest.mark.parametrize("name", ["page", "a/b/c", "a/b@main", "a/b:c", "a b/c", "a/b--c", ""])
def test_what_is_no_name_of_a_space(name, server, root, capsys):
    assert main(["space", name]) == 2
    assert capsys.readouterr().err == (
        f"hub: {name} is not the name of a Space; it is written user/name.\n"
    )
    assert server.requests == []


def test_a_page_of_a_space_is_no_name(server, root, capsys):
    assert main(["space", "https://huggingface.co/spaces/user/page"]) == 2
    assert "is not the name of a Space" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("where", "status", "said", "words"),
    [
        ("POST /api/repos/create", 403, "no rights under other", "has no right to do this with"),
        (
            "POST /api/repos/create",
            402,
            "needs a plan",
            "answered 402 .* The Hub says: needs a plan",
        ),
        ("/preupload/", 403, "not yours", f"no right to do this with {SPACE}. The Hub says: not"),
        ("GET /api/spaces", 503, "", f"{SPACE} could not be looked at: the Hub answered 503"),
        ("POST /api/repos/create", 401, "Invalid credentials", "does not accept your token"),
    ],
)
def test_what_the_hub_refuses_is_a_sentence(where, status, said, words, server, root, capsys):
    server.fail(where, status=status, message=said)
    assert main(["space", SPACE]) == 2
    err = capsys.readouterr().err
    assert re.search(words, err.splitlines()[-1]) and TOKEN not in err


def test_without_a_login_nothing_is_asked(server, root, monkeypatch, capsys):
    monkeypatch.delenv("HF_TOKEN")
    assert main(["space", SPACE]) == 2
    assert capsys.readouterr().err == (
        "hub: A Space needs a login: run hf auth login, or set HF_TOKEN.\n"
    )
    assert server.requests == []


def test_a_public_space_is_no_place_for_a_private_page(server, root, capsys):
    server.add(SPACE, {"README.md": b"hers"})
    assert main(["space", SPACE, "--yes", "--private"]) == 2
    assert "exists and is public" in capsys.readouterr().err
    assert server.files(SPACE) == {"README.md": b"hers"}


def test_what_a_space_runs_on_is_not_changed(server, root, capsys):
    server.add(SPACE, {"README.md": b"hers"})
    assert main(["space", SPACE, "--yes", "--hardware", "t4-small"]) == 0
    assert "runs on what its settings on the Hub say" in capsys.readouterr().err


def test_an_interrupt_says_how_it_goes_on(server, root, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(space, "upload", interrupted)
    assert main(["space", SPACE]) == 130
    assert capsys.readouterr().err.endswith("hub: stopped; the same command goes on.\n")


# The page


def test_what_was_uploaded_is_a_page_that_works(server, tmp_path):
    """The whole project to the Hub, from there to an empty folder, and started as a Space is."""
    ours = space_files.gather(ROOT)
    space.upload(space.compare(space.named(SPACE), ours.files), ours.hardware)
    folder = tmp_path / "space"
    snapshot_download(
        SPACE, repo_type="space", local_dir=folder, endpoint=server.url, token=TOKEN, max_workers=4
    )
    assert not (folder / "docs").exists() and not (folder / "tests").exists()
    environment = {
        "SYSTEM": "spaces",
        "SPACE_ID": SPACE,
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "HF_HUB_OFFLINE": "1",
    }
    with started([sys.executable, "app.py"], folder, environment) as url:
        errors = translate(url, folder / EXAMPLE)
    assert 0 < errors["cycle_error"] < 40
    assert not (folder / "runs").exists(), "a Space trains nothing"
