"""Names of what lies on the Hub: `user/repo[@revision][:variant or file]`, or a page's address.

Asks nobody: whether there is such a repo is another matter.
"""

import os
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from huggingface_hub import constants
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from ..checkpoints import CheckpointError


class HubError(CheckpointError):
    """Something on the Hub cannot be had; the message says what and what to do, without tokens."""

    def __init__(self, sentence: str):
        super().__init__(re.sub(r"\bhf_\w+", "hf_…", sentence))


class Cancelled(HubError):  # noqa: N818 - an answer to the caller's wish
    """The caller asked for the transfer to stop."""


@dataclass(frozen=True)
class HubName:
    """`user/repo[@revision][:variant or file]`; `str()` gives that text back."""

    repo: str
    revision: str | None = None
    part: str | None = None

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision is not None else ""
        return self.repo + revision + (f":{self.part}" if self.part is not None else "")


def endpoint() -> str:
    """Address of the Hub: HF_ENDPOINT, or huggingface.co."""
    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def parse(name: str) -> HubName | None:
    """A Hub name or the address of a Hub page; None where the text can be neither.

    "a/b" is a Hub name and may be a folder as well: look there first. Raises HubError for what
    can only be meant as a Hub name and is none, as "user/repo@".
    """
    name = name.strip()
    if _host(name) in {"huggingface.co", "hf.co", urlsplit(endpoint()).netloc}:
        found = _parse_address(name)
    elif match := _NAME.fullmatch(name):
        found = HubName(*match.groups())
    else:
        return None
    try:
        validate_repo_id(found.repo)
    except HFValidationError:
        if str(found) == found.repo == name:
            return None
        raise HubError(f"{found.repo} cannot be the name of a Hub repo (user/repo).") from None
    if found.revision is not None and not _REVISION.fullmatch(found.revision):
        raise HubError(f"{name}: after @ stands a branch, tag or commit, as in {found.repo}@main.")
    if found.part is not None and not is_safe(found.part):
        raise HubError(f"{name}: after : stands a variant or file, as in {found.repo}:gan-cycle.")
    return found


_NAME = re.compile(r"(\w[\w.-]*/\w[\w.-]*)(?:@([^:]*))?(?::(.*))?", re.ASCII)
_REVISION = re.compile(r"(?!.*\.\.)[\w./-]+", re.ASCII)


def _host(text: str) -> str:
    try:
        return urlsplit(text if re.match(r"https?://", text) else f"https://{text}").netloc
    except ValueError:  # "[" begins a numeric address there.
        return ""


def _parse_address(text: str) -> HubName:
    path = urlsplit(text if "://" in text else f"https://{text}").path
    match [unquote(part) for part in path.split("/") if part]:
        case ["datasets" | "spaces" | "docs" | "papers" | "collections", *_]:
            pass
        case [user, repo]:
            return HubName(f"{user}/{repo}")
        case [user, repo, "tree" | "blob" | "resolve" | "raw", revision, *rest]:
            return HubName(f"{user}/{repo}", revision, "/".join(rest) or None)
    raise HubError(f"{text} is not the address of a model repo, or of a folder or file in one.")


def is_safe(path: str) -> bool:
    """Whether a path in a repo stays, on any system, inside of the folder that it is written to."""
    if {"", ".", ".."} & set(path.split("/")) or "\\" in path or re.match(r"[A-Za-z]:", path):
        return False
    return path.isprintable()
