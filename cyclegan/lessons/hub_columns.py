"""Pulling a dataset: two columns of pictures in a repo's Parquet files.

The files are those of the repo itself, or of the Hub's own conversion of it (the branch
refs/convert/parquet). They stay in the Hub's cache; what is in them is `data.parquet`'s business.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from huggingface_hub import HfApi, errors

from ..core import files as disk
from ..store.hub.client import PATIENCE, explain, run, whole
from ..store.hub.layout import Progress, Sizes
from ..store.hub.names import Cancelled, HubError, HubName, endpoint, is_safe, parse
from ..store.hub.pulling import Visitor, download, token_of
from . import parquet
from .intake import Pictures

CONVERTED = "refs/convert/parquet"

MAX_DATASET = 2**30
"""Bytes of Parquet files that one pull may move."""

MAX_FILES = 200


@dataclass(frozen=True)
class Fetched:
    """Parquet files of a dataset at one commit, in the Hub's cache."""

    name: HubName
    commit: str
    paths: list[Path]

    def pictures(self, columns: tuple[str, str] | None) -> tuple[Pictures, Pictures]:
        """Of the columns of X and of Y; without, of the only two with pictures.

        Raises DataError with the columns that there are, or with what is wrong.
        """
        return parquet.open_columns(self.paths, columns, str(self.name))


def is_name(text: str) -> bool:
    """Whether a text can be the name of a dataset, with columns or without."""
    try:
        return _parse(text.partition("#")[0]) is not None
    except HubError:
        return False


def split(text: str) -> tuple[str, tuple[str, str] | None]:
    """A name and its columns: "user/set#a,b" is ("user/set", ("a", "b")); raises HubError."""
    name, mark, columns = text.partition("#")
    if not mark:
        return name, None
    x, comma, y = (part.strip() for part in columns.partition(","))
    if not (comma and x and y) or x == y:
        raise HubError(f"{text}: after # stand two columns, as in {name}#imageA,imageB.")
    return name, (x, y)


def pull_pictures(
    text: str,
    columns: tuple[str, str] | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    visitor: Visitor | None = None,
) -> tuple[Pictures, Pictures]:
    """The pictures of X and of Y out of a dataset `user/name[@revision][:folder]`.

    Of its splits, the training one is taken where there is one. progress, cancelled and visitor as
    in `hub.pull`. Raises HubError or DataError, with what is wrong and what to do.
    """
    if columns is not None:
        x, y = (column.strip() for column in columns)
        if not (x and y) or x == y:
            raise HubError("Name two columns of the dataset, such as imageA and imageB.")
        columns = x, y
    fetched = fetch(text, progress, cancelled, visitor)
    return fetched.pictures(columns)


def fetch(
    text: str,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    visitor: Visitor | None = None,
) -> Fetched:
    """Bring the Parquet files of a dataset into the Hub's cache; raises HubError."""
    name = _parse(text)

    def poll() -> None:
        if cancelled and cancelled():
            raise Cancelled(f"The transfer of {name} was stopped.")

    try:
        commit, sizes = _ask(name, poll, visitor)
        if not sizes and name.revision is None:
            commit, sizes = _ask(replace(name, revision=CONVERTED), poll, visitor)
    except HubError as error:
        raise whole(error, f"{name} could not be pulled") from None
    files = _choose(name, sizes)
    got = download(name, commit, sizes, poll, files, progress, "dataset", visitor)
    return Fetched(name, commit, [Path(path) for path in got])


def _parse(text: str) -> HubName:
    """A dataset's name, or the address of its page."""
    text = re.sub(rf"^(https?://)?({_HOSTS}|{re.escape(_host())})/datasets/", "", text.strip())
    name = parse(text.rstrip("/"))
    if name is None:
        raise HubError("Name a dataset of the Hub as user/name or user/name@revision.")
    return name


_HOSTS = r"huggingface\.co|hf\.co"


def _host() -> str:
    return endpoint().split("://")[-1]


def _ask(name: HubName, poll: Callable[[], None], visitor: Visitor | None) -> tuple[str, Sizes]:
    """The commit that `name` means now, and the sizes of its Parquet files."""
    ask = partial(
        HfApi(endpoint=endpoint(), token=token_of(visitor)).dataset_info,
        name.repo,
        revision=name.revision,
        files_metadata=True,
        timeout=PATIENCE,
    )
    try:
        (info,) = run([ask], poll, PATIENCE)
    except errors.RevisionNotFoundError as error:
        if name.revision == CONVERTED:
            return "", {}
        raise explain(error, name, kind="dataset") from None
    except Exception as error:
        raise explain(error, name, kind="dataset") from None
    listed = {file.rfilename: file.size for file in info.siblings or []}
    sizes = {file: size for file, size in listed.items() if file.endswith(".parquet")}
    if not re.fullmatch(r"[0-9a-f]{40}", info.sha or "") or None in sizes.values():
        raise HubError(f"{endpoint()} does not answer as a Hub should (HF_ENDPOINT).")
    return info.sha, sizes


def _choose(name: HubName, sizes: Sizes) -> list[str]:
    """The files to bring; raises HubError where there are none, too many, or several sets."""
    if not sizes:
        raise HubError(
            f"{name} holds no Parquet files, nor has the Hub made any of it; pictures in other "
            "files can be uploaded as zips."
        )
    files = sorted(file for file in sizes if is_safe(file))
    if name.part is not None:
        folders = sorted({file.split("/")[0] for file in files})
        files = [file for file in files if f"{file}/".startswith(f"{name.part}/")]
        if not files:
            whole_name, valid = replace(name, part=None), ", ".join(folders[:20])
            raise HubError(f"{whole_name} has no {name.part}; valid are {valid}.")
    files = [file for file in files if _TRAIN.search(file)] or files
    folders = sorted({file.rpartition("/")[0].split("/")[0] for file in files})
    if len(folders) > 1:
        valid = ", ".join(str(replace(name, part=folder)) for folder in folders[:20] if folder)
        raise HubError(f"{name} holds several configurations; name one: {valid}.")
    if (total := sum(sizes[file] for file in files)) > MAX_DATASET or len(files) > MAX_FILES:
        raise HubError(
            f"{name} has {disk.size(total)} in {len(files):,} Parquet files; at most "
            f"{disk.size(MAX_DATASET)} in {MAX_FILES} are taken."
        )
    return files


_TRAIN = re.compile(r"(^|[/_.-])train([/_.-]|$)")
