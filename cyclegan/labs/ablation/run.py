"""Train every variant with every seed: what is missing is trained, what is there is kept.

A run of the laboratory is a folder OUT/VARIANT/seed-N, an ordinary run folder with its figures in
metrics.json: the last file that is written, empty where there is nothing to measure on. Worker
processes train side by side and hold their thread count down to their share of the cores.

Ctrl-C or a kill at any moment costs the steps since the last save, a twentieth of a run at most.
Nothing is saved in between, so that a restarted laboratory leaves the very files of an
uninterrupted one.
"""

import json
import multiprocessing
import os
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import torch
from filelock import FileLock
from tqdm import tqdm

from ... import lessons
from ...core import files
from ...core.config import Config, ConfigError, Objective
from ...core.registry import load_plugins
from ...inference import evaluation
from ...inference.translator import Translator
from ...lessons import UnpairedData, open_data
from ...methods import NamedObjective
from ...store import checkpoints
from ...training import setup as training
from ...training.runs import LOG, STATE, RunError, describe_machine
from ...training.trainer import StepDone, Trainer
from . import estimates
from .variants import known

LOCK = ".lock"


def plan(out: Path, base: Config, variants: list[str], seeds: int) -> dict[Path, Config]:
    """Folders and configs of all wanted runs, seed by seed, so that an early stop is fair.

    Raises RunError where a folder holds a run with other settings, and ConfigError where a row
    cannot be trained with those of `base`.
    """
    runs, rows = {}, known()
    for seed in range(seeds):
        for name in variants:
            try:
                config = rows[name].config(base)
            except ConfigError as error:
                raise ConfigError(f"{name}: {error}") from error
            objective = _objective(out / name, rows[name])
            settings = replace(config.training, seed=seed)
            runs[out / name / f"seed-{seed}"] = replace(
                config, objective=objective, training=settings
            )
    for folder, config in runs.items():
        if (folder / checkpoints.CONFIG).exists():
            found = checkpoints.read_config(folder)
            if replace(found, facts={}) != config:
                raise RunError(
                    f"{folder} holds a run with other settings; choose another --out, or the "
                    "settings that this one began with."
                )
    return runs


def _objective(folder: Path, row: NamedObjective) -> Objective:
    """A row's, or the earlier one with which its runs in this laboratory began."""
    begun = sorted(folder.glob(f"seed-*/{checkpoints.CONFIG}"))
    found = (checkpoints.read_config(path.parent).objective for path in begun)
    return next((objective for objective in found if objective in row.earlier), row.objective)


def machines(device: torch.device) -> int:
    """How many runs fit side by side."""
    if device.type == "cpu":
        return os.cpu_count() or 1
    return torch.cuda.device_count() if device.type == "cuda" else 1


def is_done(folder: Path) -> bool:
    """Whether a run is trained to its last step and, where that can be, measured."""
    return (folder / checkpoints.METRICS).exists() and checkpoints.is_checkpoint(folder)


def measure(folder: Path, data: UnpairedData) -> None:
    """Write a run's estimates and then its metrics; empty ones where there is too little data."""
    found = {}
    if min(len(data.test_x), len(data.test_y)) > 1:
        evaluated = evaluation.estimate(Translator(checkpoints.load(folder)), data)
        estimates.write(folder, evaluated.networks)
        found = evaluated.metrics
    files.write_json(folder / checkpoints.METRICS, found)


def execute(runs: dict[Path, Config], device: str, jobs: int) -> None:
    """Train all `runs` that are not done, `jobs` at a time, with one bar of steps.

    device: "cpu", "cuda" or "mps"; on several GPUs the workers take turns. Raises what a run
    raises, or KeyboardInterrupt, once the others have ended their step. From the main thread only.
    """
    missing = {folder: config for folder, config in runs.items() if not is_done(folder)}
    total = sum(config.training.steps for config in runs.values())
    context = multiprocessing.get_context("spawn")
    taken, stop = context.Value("i", 0), context.Event()
    threads = max(1, (os.cpu_count() or 1) // jobs)
    done_before = sum(runs[folder].training.steps for folder in runs if folder not in missing)
    begun = done_before + sum(steps_done(folder) for folder in missing)
    bar = tqdm(total=total, initial=begun, unit="step", desc="ablation")
    with (
        bar,
        ProcessPoolExecutor(jobs, context, _start_worker, (device, threads, taken, stop)) as pool,
    ):
        # Ctrl-C reaches the whole group: the workers, deaf to it from birth, leave it to us.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        waiting = {pool.submit(_train, *run): run[0] for run in missing.items()}
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            while waiting:
                finished, _ = wait(waiting, timeout=1.0, return_when=FIRST_COMPLETED)
                for future in finished:
                    del waiting[future]
                    future.result()
                under_way = sum(steps_done(folder) for folder in missing)
                bar.n = done_before + under_way
                bar.set_postfix_str(f"{len(waiting)} runs left")
        except BaseException as error:
            stop.set()
            for future in waiting:
                future.cancel()
            if isinstance(error, BrokenProcessPool):
                raise RunError(
                    "A worker process died; what it had saved is kept. Run the same command again."
                ) from error
            raise


def steps_done(folder: Path) -> int:
    """Steps that a run's log tells of so far."""
    try:
        with open(folder / LOG, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 2000))
            return json.loads(file.read().splitlines()[-1])["step"]
    except (OSError, IndexError, ValueError, KeyError):
        return 0


_worker: dict = {}


def _start_worker(device: str, threads: int, taken, stop) -> None:
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    load_plugins()
    torch.set_num_threads(threads)
    with taken.get_lock():
        index, taken.value = taken.value, taken.value + 1
    if device == "cuda":
        device = f"cuda:{index % torch.cuda.device_count()}"
    _worker.update(device=torch.device(device), stop=stop)


def _leave_with_parent() -> None:
    """The pool leaves its workers waiting for ever when their parent is killed."""
    multiprocessing.parent_process().join()
    os._exit(1)


class _StoppedError(Exception):
    """The laboratory ends, and this run with it."""


_open_once = lru_cache(maxsize=1)(open_data)


def _train(folder: Path, config: Config) -> None:
    """One run in a worker, from its last save or from scratch, to its figures."""

    def stop_when_asked(trainer: Trainer, done: StepDone) -> None:
        if _worker["stop"].is_set():
            raise _StoppedError

    folder.mkdir(parents=True, exist_ok=True)
    data = _open_once(*lessons.as_trained(config))
    # The worker of a killed laboratory may not be gone yet.
    with FileLock(folder / LOCK):
        config = replace(config, facts={"machine": describe_machine(_worker["device"])})
        steps = config.training.steps
        every = max(1, steps // 20)
        run, trainer = training.prepare(
            folder,
            config,
            data,
            _worker["device"],
            log_every=every,
            save_every=every,
            resume=(folder / STATE).exists(),
        )
        if trainer.steps_done < steps:
            try:
                training.fit(run, trainer, data, [stop_when_asked])
            except _StoppedError:
                return
        else:
            run.save(trainer)  # A kill may have come between the last state and its weights.
        measure(folder, data)
