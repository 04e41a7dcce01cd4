"""Pulling: from a Hub name to whole files in the Hub's cache on this machine.

What is wanted is `layout`'s business, the transfer that of huggingface_hub.
"""

import contextlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

from huggingface_hub import HfApi, constants, hf_hub_download
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils import tqdm

from ...core import files
from .. import checkpoints
from . import layout
from .client import PATIENCE, Unavailable, explain, run, whole
from .layout import README, Fetch, Progress, Sizes
from .names import Cancelled, HubError, HubName, endpoint

# The client reports its progress a chunk at a time: 10 MB would stand still on a slow line.
constants.DOWNLOAD_CHUNK_SIZE = 2**18


@dataclass(frozen=True)
class Visitor:
    """Somebody else than this machine's user: without their login, and with a cache of its own.

    (A private repo that the user once pulled lies in the user's cache.)
    """

    cache: Path


@dataclass
class Card:
    """Essentials of a repo's README.md. text: its Markdown, unchecked; show it escaped."""

    license: str | None
    text: str
    url: str


@dataclass(frozen=True)
class Pulled:
    """What lies on this machine now.

    checkpoints: folders of our layout; empty where the repo is foreign. files: the foreign weight
    files instead, one or two (X→Y, Y→X). folder: the snapshot; its examples/ holds the set's
    pairs. note: why this is an older copy from the cache, or "".
    """

    name: HubName
    commit: str
    checkpoints: list[Path]
    files: list[Path]
    card: Card
    folder: Path
    note: str = ""


def pull(
    name: HubName,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    visitor: Visitor | None = None,
) -> Pulled:
    """Bring what `name` means into the Hub's cache; a second time nothing is downloaded.

    visitor: for whom, where that is not this machine's user.

    progress gets bytes over all wanted files; cancelled() is asked ten times a second. Both are
    called in the caller's thread. Where the Hub cannot be reached, a whole copy in the cache is
    taken. Raises Cancelled, or HubError with what is wrong and what to do.
    """

    def poll() -> None:
        if cancelled and cancelled():
            raise Cancelled(f"The transfer of {name} was stopped.")

    cache = _cache_of(name, visitor)
    try:
        commit, sizes = _ask(name, poll, visitor)
    except Unavailable as reason:
        try:
            commit, sizes = _recall(name, cache)
            found = _gather(name, commit, sizes, cache, partial(_cached, cache, commit, sizes))
        except FileNotFoundError:
            raise HubError(f"{name} is not in the cache, and {reason}.") from None
        return replace(found, note=f"This is the copy in the cache: {reason}.")
    fetch = partial(download, name, commit, sizes, poll, visitor=visitor)
    found = _gather(name, commit, sizes, cache, fetch, progress)
    # Only now, so that without a network half a set never passes for a whole one.
    _remember(name, commit, sizes, cache)
    return found


def _ask(name: HubName, poll: Callable[[], None], visitor: Visitor | None) -> tuple[str, Sizes]:
    """The commit that `name` means now, and the size of every file in it."""
    ask = partial(
        HfApi(endpoint=endpoint(), token=token_of(visitor)).model_info,
        name.repo,
        revision=name.revision,
        files_metadata=True,
        timeout=PATIENCE,
    )
    try:
        # The client's timeout counts anew for every address, and not at all for their lookup.
        (info,) = run([ask], poll, PATIENCE)
    except Exception as error:
        raise explain(error, name) from None
    sizes = {file.rfilename: file.size for file in info.siblings or []}
    # The commit becomes a folder's name.
    if not re.fullmatch(r"[0-9a-f]{40}", info.sha or "") or None in sizes.values():
        raise HubError(f"{endpoint()} does not answer as a Hub should (HF_ENDPOINT).")
    return info.sha, sizes


def token_of(visitor: Visitor | None) -> bool | None:
    """What the client is to use: no login at all, or that of this machine's user."""
    return False if visitor else None


def _gather(
    name: HubName,
    commit: str,
    sizes: Sizes,
    cache: Path,
    fetch: Fetch,
    progress: Progress | None = None,
) -> Pulled:
    folders, files = layout.choose(name, sizes, fetch)
    wanted = layout.wanted(folders, files, sizes)
    fetch(wanted, progress)
    snapshot = cache / "snapshots" / commit
    return Pulled(
        name=name,
        commit=commit,
        checkpoints=[snapshot / folder for folder in folders],
        files=[snapshot / file for file in files],
        card=read_card(snapshot, f"{endpoint()}/{name.repo}"),
        folder=snapshot,
    )


def read_card(folder: Path, url: str = "") -> Card:
    """The card of a set or checkpoint on this machine; empty where there is none to be read."""
    try:
        with open(folder / README, encoding="utf-8", errors="replace") as file:
            text = file.read(layout.MAX_TEXT)
    except OSError:
        text = ""
    stated, rest = files.front_matter(text)
    named = stated.get("license_name") or stated.get("license") or ""
    return Card(named if 0 < len(named) <= MAX_LICENSE else None, rest.strip(), url)


MAX_LICENSE = 200
"""Characters of a licence's name."""


# The cache


def _cache_of(name: HubName, visitor: Visitor | None) -> Path:
    root = visitor.cache if visitor else Path(constants.HF_HUB_CACHE)
    return root / repo_folder_name(repo_id=name.repo, repo_type="model")


def _record(cache: Path, revision: str | None) -> Path:
    file = quote(revision or constants.DEFAULT_REVISION, safe="")
    return cache / "cyclegan" / f"{file}.json"


def _remember(name: HubName, commit: str, sizes: Sizes, cache: Path) -> None:
    """Note beside the client's files what a commit holds, for the day without a network."""
    values = {"commit": commit, "sizes": sizes}
    for path in {_record(cache, name.revision), _record(cache, commit)}:
        # A cache that cannot be written to still serves.
        with contextlib.suppress(OSError):
            if not path.exists() or checkpoints.read_json(path) != values:
                files.write_json(path, values)


def _recall(name: HubName, cache: Path) -> tuple[str, Sizes]:
    """What `_ask` would have said at the last whole pull; raises FileNotFoundError."""
    try:
        values = checkpoints.read_json(_record(cache, name.revision))
    except checkpoints.CheckpointError:
        raise FileNotFoundError from None
    commit, sizes = values.get("commit"), values.get("sizes")
    if not (isinstance(sizes, dict) and all(map(files.is_number, sizes.values()))):
        raise FileNotFoundError
    if not re.fullmatch(r"[0-9a-f]{40}", str(commit)):
        raise FileNotFoundError
    return commit, sizes


def _cached(
    cache: Path, commit: str, sizes: Sizes, files: list[str], _: Progress | None
) -> list[Path]:
    """A Fetch that downloads nothing; raises FileNotFoundError where a file is not whole."""
    paths = [cache / "snapshots" / commit / file for file in files]
    for file, path in zip(files, paths, strict=True):
        if path.stat().st_size != sizes[file]:
            raise FileNotFoundError
    return paths


# The transfer


def download(
    name: HubName,
    commit: str,
    sizes: Sizes,
    poll: Callable[[], None],
    files: list[str],
    progress: Progress | None,
    kind: str = "model",
    visitor: Visitor | None = None,
) -> list[Path]:
    """A Fetch by the client, several files at a time, each only ever whole in the cache.

    kind: of repo, "model" or "dataset". visitor: as for `pull`.
    """
    received = dict.fromkeys(files, 0)
    total = sum(sizes[file] for file in files)
    stop = threading.Event()

    def tick() -> None:
        poll()
        if progress:
            progress(min(sum(received.values()), total), total)

    def fetch(file: str) -> Path:
        class Bar(_Bar):
            def update(self, n=1):
                if stop.is_set():
                    raise Cancelled(f"The transfer of {name} was stopped.")
                received[file] += n

        # A file that lies there with another size was damaged in the cache.
        for force in (False, True):
            path = hf_hub_download(
                name.repo,
                file,
                repo_type=kind,
                revision=commit,
                endpoint=endpoint(),
                force_download=force,
                token=token_of(visitor),
                cache_dir=visitor.cache if visitor else None,
                tqdm_class=Bar,
            )
            received[file] = Path(path).stat().st_size
            if received[file] == sizes[file]:
                return Path(path)
        raise HubError(f"{file} of {name.repo} came with another size than announced; try again.")

    try:
        return run([partial(fetch, file) for file in files], tick, stop=stop)
    except Exception as error:
        raise whole(explain(error, name, kind=kind), f"{name} could not be pulled") from None


class _Bar(tqdm):
    """What the client takes for a progress bar; it shows nothing."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{**kwargs, "disable": True})

    def update_transfer(self, n=1):
        """The same bytes a second time, as they came over the line."""

    def set_transfer_postfix_str(self, *args, **kwargs):
        """Their rate."""
