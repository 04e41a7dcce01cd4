"""Pushing: a set or a single checkpoint to a repo, in one commit, with a model card."""

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi, errors, get_token

from ... import lessons
from ...store import checkpoints
from ...store.checkpoints import BESIDE, COMPARISONS, CONFIG, LADDER, METRICS, WEIGHTS
from ...store.hub.client import PATIENCE, explain, run, whole
from ...store.hub.layout import EXAMPLES, MAX_EXAMPLES, README, Progress, check_sizes
from ...store.hub.names import HubError, endpoint, parse
from ...training.longer import RECORD
from . import card


def push(
    folder: Path,
    repo: str,
    private: bool = False,
    progress: Progress | None = None,
    token: str | None = None,
    license: str | None = None,
) -> str:
    """Upload a set, or a single checkpoint to the root of a repo, in one commit; returns its URL.

    The repo is made if it is not there. Uploaded are config.json (of a data folder no more than
    the name), model.safetensors and metrics.json of every variant, examples/ and a model card;
    no training state, log or other file. progress(done, total) gets bytes, a weight file at a
    time. token: a visitor's own; otherwise that of the environment or the Hub's login. license:
    see `card.write`. Raises HubError and CheckpointError.
    """
    name = parse(repo)
    if name is None or str(name) != name.repo:
        raise HubError(f"{repo} is not the name of a repo; it is written user/repo.")
    if not (token or get_token()):
        raise HubError("Pushing needs a login: run hf auth login, or set HF_TOKEN.")
    files = _collect(folder, name.repo, license)
    sizes = {f: len(s) if isinstance(s, bytes) else s.stat().st_size for f, s in files.items()}
    check_sizes(sizes)
    api = HfApi(endpoint=endpoint(), token=token)
    try:
        _prepare(api, name.repo, private, files)
        additions = {file: CommitOperationAdd(file, source) for file, source in files.items()}
        done, total = 0, sum(sizes.values())
        for file, addition in additions.items():
            if progress:
                progress(done, total)
            if file.endswith(WEIGHTS):
                upload = partial(api.preupload_lfs_files, name.repo, [addition], free_memory=False)
                run([upload])
                done += sizes[file]
        message = f"Upload {folder.resolve().name}"
        commit = partial(
            api.create_commit, name.repo, list(additions.values()), commit_message=message
        )
        run([commit])
    except Exception as error:
        explained = explain(error, name, token or get_token())
        raise whole(explained, f"{folder} could not be pushed") from None
    if progress:
        progress(total, total)
    return f"{endpoint()}/{name.repo}"


def _collect(folder: Path, repo: str, license: str | None) -> dict[str, Path | bytes]:
    """What is uploaded, by its path in the repo."""
    variants = checkpoints.find(folder)
    if not variants:
        raise HubError(f"{folder} holds no checkpoint.")
    files: dict[str, Path | bytes] = {}
    seeds = [one for v in variants for one in checkpoints.by_seed(v).values()]
    for checkpoint in seeds:
        inside: dict[str, Path | bytes] = {f: checkpoint / f for f in (CONFIG, WEIGHTS, METRICS)}
        inside[CONFIG] = without_place(checkpoint) or inside[CONFIG]
        for file, source in inside.items():
            if isinstance(source, bytes) or source.is_file():
                files[(checkpoint / file).relative_to(folder).as_posix()] = source
    files |= {f: folder / f for f in (COMPARISONS, LADDER) if (folder / f).is_file()}
    text, samples = card.write(folder, variants, repo, license)
    files[README] = text.encode()
    if samples:
        files[card.SAMPLES] = samples
    pictures = sorted((card.home(folder) / EXAMPLES).glob("*.png"))
    files |= {f"{EXAMPLES}/{path.name}": path for path in pictures[:MAX_EXAMPLES]}
    return files


def without_place(checkpoint: Path) -> bytes | None:
    """A config.json that names data folders and files by their last part alone; None where it names
    none.

    Where they lie is nobody's business.
    """
    config = checkpoints.read_config(checkpoint)
    facts = {name: fact for name, fact in config.facts.items() if name != BESIDE}
    if isinstance(began := facts.get("init"), str):
        facts["init"] = _last_part(began)
    if isinstance(went_on := facts.get(RECORD), list):
        facts[RECORD] = [
            {**c, "value": _last_part(c["value"])} if c.get("name") == "data" else c
            for c in went_on
        ]
    heard = facts.get("listeners")
    if isinstance(heard, dict) and os.path.isabs(weights := str(heard.get("features"))):
        facts["listeners"] = {**heard, "features": Path(weights).name}
    training = replace(config.training, data=_last_part(config.training.data))
    shipped = replace(config, training=training, facts=facts)
    return None if shipped == config else f"{json.dumps(shipped.to_dict(), indent=2)}\n".encode()


def _last_part(name: str) -> str:
    """Of a folder or file; the name of a lesson, or of something on the Hub, is whole."""
    is_place = os.path.lexists(name) or isinstance(lessons.find(name), lessons.Folder)
    return Path(name).name if is_place else name


def _prepare(api: HfApi, repo: str, private: bool, files: dict[str, Path | bytes]) -> None:
    """See that the repo is there, is as private as asked for, and holds nothing in the way."""
    try:
        (info,) = run([lambda: api.model_info(repo, timeout=PATIENCE)], seconds=PATIENCE)
    except errors.GatedRepoError:
        raise
    except errors.RepositoryNotFoundError:
        run([lambda: api.create_repo(repo, private=private, exist_ok=True)], seconds=30)
        return
    if private and not info.private:
        raise HubError(f"{repo} exists and is public; make it private there, or name another repo.")
    there = {file.rfilename for file in info.siblings or []}
    if others := sorted(file for file in there - files.keys() if file.endswith(WEIGHTS)):
        raise HubError(
            f"{repo} already holds {others[0]}, which is not in this push; delete it there, or "
            "name another repo."
        )
