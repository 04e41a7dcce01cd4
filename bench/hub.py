"""A 113 MB model from a Hub on loopback to its first translation: `python -m bench.hub [--json]`.

Against the bare download (`hf_hub_download`) plus the bare load (`torch.load`) of the same file;
then the second use of the same name. Each measurement is a process of its own with a cache of its
own, in turns; medians. Memory is the peak of the resident set above that of the imports. Needs the
Hub server of tests/.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

REPEATS = 5
REPO, FILE = "someone/horse2zebra", "pytorch_model.bin"

BARE = """
from huggingface_hub import hf_hub_download
import torch
begin()
path = hf_hub_download("someone/horse2zebra", "pytorch_model.bin")
report("download")
torch.load(path, map_location="cpu", weights_only=True)
report("load")
"""

OURS = """
from PIL import Image
from cyclegan import models
from cyclegan.inference import Translator
begin()
model = models.find("someone/horse2zebra")
report("download")
translator = Translator(model.sources[0].load())
report("load")
translator.translate(Image.new("RGB", (64, 64)))
report("translate")
"""

FRAME = """
import json, resource, time
found = {{}}
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def begin():
    global before, started
    before, started = peak(), time.perf_counter()
def report(name):
    global started
    found[name] = time.perf_counter() - started
    started = time.perf_counter()
{body}
found["peak_mb"] = peak() - before
print(json.dumps(found))
"""


def model_of_113_mb() -> bytes:
    """A whole CycleGAN (9 blocks, 64 filters) in UPIT's layout, random weights."""
    import io

    from cyclegan.core.config import Config
    from cyclegan.methods import Model

    model = Model(Config())
    names = {"G": "G_B", "F": "G_A", "D_X": "D_A", "D_Y": "D_B"}
    weights = {}
    for ours, theirs in names.items():
        for key, value in getattr(model, ours).state_dict().items():
            key = key.removeprefix("layers.").replace(".body.", ".conv_block.")
            weights[f"{theirs}.{key}"] = value
    buffer = io.BytesIO()
    torch.save(weights, buffer)
    return buffer.getvalue()


def measure(body: str, environment: dict[str, str], home: Path) -> dict[str, float]:
    """Run `body` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", FRAME.format(body=body)],
        cwd=ROOT,
        env={**os.environ, **environment, "HF_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    as_json = parser.parse_args().json
    from hub_server import serve

    data = model_of_113_mb()
    bare, ours, again = [], [], []
    with serve() as server, tempfile.TemporaryDirectory() as folder:
        server.add(REPO, {FILE: data})
        for i in range(REPEATS):
            bare.append(measure(BARE, server.environment, Path(folder, f"bare{i}")))
            home = Path(folder, f"ours{i}")
            ours.append(measure(OURS, server.environment, home))
            downloads = len(server.downloads)
            again.append(measure(OURS, server.environment, home))
            assert len(server.downloads) == downloads, "the second use downloaded something"

    def median(results: list[dict], *names: str) -> float:
        return statistics.median(sum(one[name] for name in names) for one in results)

    stages = ("download", "load", "translate")
    ratios = [
        sum(o[name] for name in stages) / (b["download"] + b["load"])
        for o, b in zip(ours, bare, strict=True)
    ]
    found = {
        "size_mb": round(len(data) / 1e6, 1),
        "bare_download_s": round(median(bare, "download"), 3),
        "bare_load_s": round(median(bare, "load"), 3),
        "ours_download_s": round(median(ours, "download"), 3),
        "ours_load_s": round(median(ours, "load"), 3),
        "first_translation_s": round(median(ours, "translate"), 3),
        "ours_over_bare": round(statistics.median(ratios), 2),
        "peak_over_size": round(median(ours, "peak_mb") * 2**20 / len(data), 2),
        "second_use_s": round(median(again, *stages), 3),
    }
    if as_json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{name:>20}  {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()
