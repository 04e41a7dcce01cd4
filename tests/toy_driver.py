"""Somebody else's lesson and method through every command: `python toy_driver.py FOLDER`.

With CYCLEGAN_PLUGINS=toy_method,toy_lesson. One process for all of them, as each start takes long.
"""

import contextlib
import io
import sys
from pathlib import Path

from cyclegan.inference import command
from cyclegan.labs.ablation import command as ablation
from cyclegan.training import command as train
from cyclegan.training import setup
from cyclegan.training.trainer import StepDone, Trainer

NETWORKS = ["--data", "tones", "--width", "4", "--discriminator-width", "4", "--device", "cpu"]
STEPS = 12
STOPS = {"first-stage": 4, "second-stage": 9}


def stopped_at(step: int, argv: list[str]) -> None:
    def stop(trainer: Trainer, done: StepDone) -> None:
        trainer.stop = done.step == step

    run, trainer, data = train.prepare(argv)
    setup.fit(run, trainer, data, [stop])


def main(folder: Path) -> None:
    options = [*NETWORKS, "--steps", str(STEPS), "--batch", "4", "--log-every", "1"]
    assert train.main([*options, "--out", str(folder / "straight")]) == 0
    for name, step in STOPS.items():
        stopped_at(step, [*options, "--out", str(folder / name)])
        assert train.main(["--resume", str(folder / name), "--log-every", "1"]) == 0
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        assert command.main([str(folder / "straight"), "--save"]) == 0
    (folder / "evaluation.txt").write_text(told.getvalue(), encoding="utf-8")
    lab = folder / "lab"
    run = ["run", "--data", "tones", "--steps", "20", "--seeds", "2", "--device", "cpu"]
    assert ablation.main([*run, "--jobs", "1", "--out", str(lab)]) == 0
    assert ablation.main(["report", str(lab)]) == 0


if __name__ == "__main__":
    main(Path(sys.argv[1]))
