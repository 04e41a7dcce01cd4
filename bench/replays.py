"""Record the lessons' live trainings, for the stage of the Train tab: `python -m bench.replays
[LESSON …]`, with nothing else running.

Each is trained as Start on the page does it, by the lesson's recipe, with a worker of its own; what
it showed goes to checkpoints/replays/LESSON. To be run again when a recipe changes: a test says so.
"""

import argparse
import tempfile
import time
from pathlib import Path

from cyclegan import lessons
from cyclegan.core import files
from cyclegan.labs.live import Director, LiveSettings, recorded

RECORDED = ("drawing", "emoji", "satellite2map")


def record(name: str, target: Path) -> str:
    """Train, and write the recording; returns a line about it."""
    recipe = lessons.find(name).recipe
    with tempfile.TemporaryDirectory() as folder:
        director = Director(Path(folder))
        try:
            id = director.start(LiveSettings(recipe.config, recipe.arms))
            while not (seen := director.status(id)).is_ended:
                time.sleep(1)
            if seen.state != "finished":
                raise RuntimeError(f"{name}: {seen.state}. {seen.sentence}")
            recorded.write(director.folder(id), target)
        finally:
            director.close()
    found = recorded.read(target)
    weight = sum(path.stat().st_size for path in target.iterdir())
    return (
        f"{name}: {len(found.steps)} frames of {found.seen.step:,} steps in "
        f"{found.seen.seconds:.0f} s, {files.size(weight)}; {found.machine}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.replays", description=__doc__)
    parser.add_argument("lessons", nargs="*", default=RECORDED, metavar="LESSON")
    parser.add_argument("--into", type=Path, default=recorded.RECORDINGS, metavar="FOLDER")
    args = parser.parse_args()
    for name in args.lessons:
        print(record(name, args.into / name), flush=True)


if __name__ == "__main__":
    main()
