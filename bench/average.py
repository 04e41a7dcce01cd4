"""What the moving average of the generators' weights buys and costs: `python -m bench.average RUN`.

RUN is a run folder with its training.pt. Prints the figures of the raw and the averaged weights on
the held-out items, and the median seconds of a step and of the update alone.
"""

import argparse
import statistics
import time
from pathlib import Path

import torch

from cyclegan import lessons
from cyclegan.inference import evaluation
from cyclegan.inference.translator import Translator
from cyclegan.lessons import open_data
from cyclegan.methods import Model
from cyclegan.store import checkpoints
from cyclegan.training.batches import Batches
from cyclegan.training.runs import STATE, describe_machine
from cyclegan.training.trainer import Trainer

STEPS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    run = parser.parse_args().run
    config = checkpoints.read_config(run)
    data = open_data(*lessons.as_trained(config))
    trainer = Trainer(Model(config), config.training, torch.device("cpu"))
    trainer.load_state_dict(torch.load(run / STATE, weights_only=True)["trainer"])

    results = {}
    for name, networks in (("raw", trainer.model.networks), ("averaged", trainer.networks)):
        model = Model(config).eval().requires_grad_(False)
        for role in trainer.method.averaged:
            model[role].load_state_dict(networks[role].state_dict())
        checkpoint = checkpoints.Checkpoint(run, config, model, {})
        found = evaluation.evaluate(Translator(checkpoint), data)
        results[f"{name}, step {trainer.steps_done}"] = found
    figures = [f for f in lessons.find(config.training.data).figures if not f.is_detail]
    print(evaluation.table(results, figures))

    batches = Batches(data.train_x, data.train_y, config.image_size, config.training.batch)
    step, update = [], []
    for i in range(STEPS):
        started = time.perf_counter()
        trainer.step(*batches[i])
        step.append(time.perf_counter() - started)
        started = time.perf_counter()
        trainer.average.update_parameters(trainer.model.group(trainer.method.averaged))
        update.append(time.perf_counter() - started)
    step_s, update_s = statistics.median(step), statistics.median(update)
    print(f"\nstep {step_s:.3f} s, of which the average's update {update_s:.4f} s", end=" ")
    print(f"({update_s / step_s:.1%}); {describe_machine(torch.device('cpu'))}")


if __name__ == "__main__":
    main()
