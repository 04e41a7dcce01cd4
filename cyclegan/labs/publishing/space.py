"""A Space: what would change in it, and the upload.

All weights and pictures are on the Hub before one commit puts everything in place, so that the
Space never runs half of a version; and after an upload that broke off they are not sent again.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, errors, get_token
from huggingface_hub.hf_api import RepoSibling

from ...store.hub.client import PATIENCE, explain, run, whole
from ...store.hub.layout import Progress
from ...store.hub.names import HubError, HubName, endpoint, parse
from .space_files import FOLDERS

BATCH, BATCH_FILES = 16 * 2**20, 50
"""Bytes and files that are sent at once; what an upload that breaks off has to send again."""

THE_HUBS = ".gitattributes"


@dataclass(frozen=True)
class Change:
    """What an upload would do to a Space, as paths in it.

    commit: of the Space as it was looked at; None where there is none yet. kept: what is there and
    not ours.
    """

    name: HubName
    commit: str | None
    additions: dict[str, CommitOperationAdd]
    added: list[str]
    changed: list[str]
    deleted: list[str]
    kept: list[str]

    @property
    def is_new(self) -> bool:
        return self.commit is None

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.deleted)


def named(repo: str) -> HubName:
    """The name of a Space; raises HubError for what can be none."""
    name = None
    with contextlib.suppress(HubError):
        name = parse(repo)
    if name is None or name.repo != repo:
        raise HubError(f"{repo} is not the name of a Space; it is written user/name.")
    return name


def compare(
    name: HubName,
    files: dict[str, Path | bytes],
    private: bool = False,
    folders: Sequence[str] = FOLDERS,
) -> Change:
    """Look at the Space, by the hashes of its files, and change nothing.

    files: by their paths in it. private: whether it has to be. folders: those that are to hold
    nothing else. Raises HubError.
    """
    if not get_token():
        raise HubError("A Space needs a login: run hf auth login, or set HF_TOKEN.")
    additions = {path: CommitOperationAdd(path, source) for path, source in files.items()}
    ask = partial(_api().space_info, name.repo, files_metadata=True, timeout=PATIENCE)
    try:
        (info,) = run([ask], seconds=PATIENCE)
    except errors.RepositoryNotFoundError:
        return Change(name, None, additions, sorted(files), [], [], [])
    except Exception as error:
        raise _failure(error, name, "could not be looked at") from None
    if private and not info.private:
        raise HubError(f"{name} exists and is public; make it private there, or name another.")
    there = {file.rfilename: file for file in info.siblings or []}
    ours = tuple(f"{folder}/" for folder in folders)
    others = sorted(there.keys() - files.keys() - {THE_HUBS})
    return Change(
        name=name,
        commit=info.sha,
        additions=additions,
        added=sorted(files.keys() - there.keys()),
        changed=[path for path in sorted(files) if path in there and _differs(files, there[path])],
        deleted=[path for path in others if path.startswith(ours)],
        kept=[path for path in others if not path.startswith(ours)],
    )


def _differs(files: dict[str, Path | bytes], there: RepoSibling) -> bool:
    source = files[there.rfilename]
    data = source if isinstance(source, bytes) else source.read_bytes()
    if there.lfs:
        return there.lfs.sha256 != hashlib.sha256(data).hexdigest()
    return there.blob_id != hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def upload(
    change: Change, hardware: str | None, private: bool = False, progress: Progress | None = None
) -> str:
    """Make the Space if there is none, bring the change there, and return its address.

    hardware: the Hub's word for what a new Space runs on; None for a static one. progress gets
    bytes. After a failure the same once more goes on: what the Hub has is not sent again. Raises
    HubError.
    """
    repo, api = change.name.repo, _api()
    address = f"{endpoint()}/spaces/{repo}"
    if change.is_empty:
        return address
    additions = [change.additions[path] for path in (*change.added, *change.changed)]
    done, total = 0, sum(one.upload_info.size for one in additions)
    try:
        if change.is_new:
            make = partial(api.create_repo, repo, repo_type="space", private=private)
            kind = {"space_sdk": "gradio", "space_hardware": hardware}
            kind = kind if hardware else {"space_sdk": "static"}
            run([partial(make, **kind)], seconds=30)
        for batch in _batches(additions):
            if progress:
                progress(done, total)
            # A .gitignore in the Space would leave files out without a word.
            send = partial(api.preupload_lfs_files, repo, batch, repo_type="space")
            run([partial(send, free_memory=False, gitignore_content="")])
            done += sum(one.upload_info.size for one in batch)
        commit = partial(
            api.create_commit,
            repo,
            [*additions, *map(CommitOperationDelete, change.deleted)],
            repo_type="space",
            commit_message="Upload the page",
            # Of a Space that was changed meanwhile, nothing is overwritten.
            parent_commit=change.commit,
        )
        run([commit])
    except Exception as error:
        if getattr(getattr(error, "response", None), "status_code", 0) == 412:
            raise HubError(f"{repo} was changed meanwhile; look at it, and try again.") from None
        raise _failure(error, change.name, "could not be uploaded") from None
    if progress:
        progress(total, total)
    return address


def _batches(additions: list[CommitOperationAdd]) -> Iterator[list[CommitOperationAdd]]:
    batch, size = [], 0
    for addition in additions:
        if batch and (size + addition.upload_info.size > BATCH or len(batch) == BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(addition)
        size += addition.upload_info.size
    if batch:
        yield batch


def _api() -> HfApi:
    return HfApi(endpoint=endpoint())


def _failure(error: Exception, name: HubName, what: str) -> HubError:
    return whole(explain(error, name, get_token(), kind="space"), f"{name} {what}")
