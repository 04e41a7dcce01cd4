"""The border to huggingface_hub: its threads, its patience, and its exceptions as sentences."""

import contextlib
import errno
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from huggingface_hub import constants, errors

from .names import HubError, HubName, endpoint

PATIENCE = 3.0
"""Seconds until a Hub that does not answer counts as out of reach."""

KINDS = {"model": "model repo", "dataset": "dataset", "space": "Space"}
"""What the Hub's kinds of repos are called in a sentence."""

T = TypeVar("T")


class Unavailable(HubError):  # noqa: N818 - a state of the Hub, not a mistake
    """The Hub does not answer, or not now; the end of a sentence: "the Hub cannot be reached"."""


def run(
    tasks: list[Callable[[], T]],
    tick: Callable[[], None] = lambda: None,
    seconds: float = float("inf"),
    stop: threading.Event | None = None,
) -> list[T]:
    """Results of tasks that eight threads share, with tick() ten times a second meanwhile.

    Whatever happens, the caller has an answer in time: a thread that hangs is left behind, told
    by `stop`. Raises what tick or the first failing task raises, or TimeoutError.
    """
    waiting, results, failures = deque(enumerate(tasks)), {}, []

    def work() -> None:
        with contextlib.suppress(IndexError):
            while not failures and not (stop and stop.is_set()):
                number, task = waiting.popleft()
                try:
                    results[number] = task()
                except Exception as error:
                    failures.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in tasks[:8]]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    try:
        for thread in threads:
            while thread.is_alive() and not failures:
                tick()
                if time.monotonic() > end:
                    raise TimeoutError
                thread.join(0.1)
        if failures:
            raise failures[0]
        tick()
    finally:
        if stop:
            stop.set()
            # Time for the client to take its temporary files away.
            for thread in threads:
                thread.join(0.2)
    return [results[number] for number in range(len(tasks))]


def explain(
    error: Exception, name: HubName, token: str | None = None, kind: str = "model"
) -> HubError:
    """The sentence for what the client raised; `token` is kept out of it, whatever it looks like.

    kind: of repo, "model", "dataset" or "space".

    The client's exception is not kept as its cause: it quotes addresses and headers.
    """
    while error.__cause__ and isinstance(error, errors.LocalEntryNotFoundError | RuntimeError):
        error = error.__cause__
    if isinstance(error, HubError):
        return error
    repo = name.repo
    page = f"{endpoint()}/{'' if kind == 'model' else f'{kind}s/'}{repo}"
    status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else 0
    said = str(getattr(error, "server_message", "" if status else error) or "")
    # Without the queries of signed addresses, which are keys as well.
    said = re.sub(r"\?\S+", "", said.replace(token or "\0", "hf_…"))
    said = f" The Hub says: {' '.join(said.split())[:300]}" if said else ""
    if isinstance(error, errors.GatedRepoError):
        return HubError(f"{repo} is gated: ask for access on {page}, and log in (hf auth login).")
    if isinstance(error, errors.RevisionNotFoundError):
        return HubError(f"{repo} has no branch, tag or commit {name.revision}.")
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return HubError(f"A file of {name} is not there any more; try again.")
    if status == 401 and "credentials" in said:
        return HubError("The Hub does not accept your token; log in anew (hf auth login).")
    if isinstance(error, errors.RepositoryNotFoundError) or status in (401, 404):
        return HubError(
            f"There is no {KINDS[kind]} {repo} on the Hub, or it is private and you are not "
            "logged in (hf auth login)."
        )
    if status == 403:
        return HubError(f"Your login has no right to do this with {repo}.{said}")
    if status == 429 or status >= 500:
        phrase = HTTPStatus(status).phrase.lower() if status in set(HTTPStatus) else "no reason"
        return Unavailable(f"the Hub answered {status} ({phrase}); try again in a minute")
    if status:
        return HubError(f"The Hub answered {status} for {repo}.{said}")
    # HTTPError is that of whichever httpx the client uses.
    if isinstance(error, errors.HTTPError | ConnectionError | TimeoutError):
        return Unavailable("the Hub cannot be reached")
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return HubError(f"The disk is full: {name} does not fit in {constants.HF_HUB_CACHE}.")
        if error.errno:
            return HubError(f"{error.filename or constants.HF_HUB_CACHE}: {error.strerror}.")
        return HubError(f"The transfer of {name} broke off; try again.")
    if isinstance(error, json.JSONDecodeError | KeyError | TypeError):
        return Unavailable(f"{endpoint()} does not answer as a Hub should")
    return HubError(f"The Hub's client refuses {name}.{said.replace('Hub', 'client', 1)}")


def whole(error: HubError, beginning: str) -> HubError:
    """A whole sentence of what `Unavailable` ends."""
    return HubError(f"{beginning}: {error}.") if isinstance(error, Unavailable) else error
