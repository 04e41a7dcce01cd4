"""What voices lose on the way, and what is understood of them: `python -m bench.voices [SET]`.

Over the held-out sentences of the lesson, of either speaker. Mel-cepstral distances in dB: of
features from what is analysed anew after a synthesis (the floor); of x itself and of
mean-variance conversion from the truth; of the variants of a set G(x) from the truth and F(G(x))
from x, as features, and as they are heard: synthesised, and analysed anew.

Understood: the share of sentences that a recogniser picks out of all twenty (`pip install
pocketsphinx`, which brings its model of English; chance is 1 in 20).
"""

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cyclegan import lessons
from cyclegan.core.sound import world
from cyclegan.core.sound.clip import RATE, Clip
from cyclegan.core.sound.measures import as_it_is, distance
from cyclegan.core.sound.measures import spoken as spoken_part
from cyclegan.core.sound.medium import VOICE
from cyclegan.inference.translator import Translator
from cyclegan.lessons.voices.read import load
from cyclegan.lessons.voices.sentences import HELD_OUT, listed
from cyclegan.store import checkpoints

Understood = Callable[[Sequence[Clip]], float]


def recogniser() -> Understood | None:
    """Of clips of the held-out sentences, in their order, the share that is understood."""
    try:
        from pocketsphinx import Decoder, get_model_path
    except ImportError:
        print("Nothing is listened to: pocketsphinx is not installed.")
        return None
    texts = [re.sub(r"[^a-z' ]", "", text.lower()) for text in listed(HELD_OUT)]
    model = {"hmm": "en-us/en-us", "dict": "en-us/cmudict-en-us.dict"}
    paths = {name: get_model_path(path) for name, path in model.items()}
    decoder = Decoder(samprate=RATE, lm=None, loglevel="FATAL", **paths)
    one_of = " | ".join(texts)
    grammar = f"#JSGF V1.0;\ngrammar sentences;\npublic <sentence> = {one_of};\n"
    decoder.add_jsgf_string("sentences", grammar)
    decoder.activate_search("sentences")

    def heard(clip: Clip) -> str:
        decoder.start_utt()
        samples = np.round(clip.samples * 32767).astype(np.int16)
        decoder.process_raw(samples.tobytes(), full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        return found.hypstr if found else ""

    def understood(clips: Sequence[Clip]) -> float:
        return float(np.mean([heard(c) == t for c, t in zip(clips, texts, strict=True)]))

    return understood


def of_columns(x: np.ndarray, y: np.ndarray) -> float:
    """Column by column, of one sentence before and after."""
    columns = min(x.shape[1], y.shape[1])
    return as_it_is(x[:, :columns], y[:, :columns])


def tell(
    name: str,
    made: Sequence[Tensor],
    truth: Sequence[Tensor],
    measured: Callable[[np.ndarray, np.ndarray], float],
    understood: Understood | None,
) -> None:
    """A line: features against the truth, and the same once they are heard."""
    clips = [VOICE.held(one) for one in made]
    again = [world.analyse(Clip(clip.samples)) for clip in clips]
    pairs = zip(made, again, truth, strict=True)
    found = [(measured(m.numpy(), t.numpy()), measured(a, t.numpy())) for m, a, t in pairs]
    as_features, as_heard = np.mean(found, axis=0)
    share = "" if understood is None else f"{understood(clips):8.0%} understood"
    print(f"{name:44}{as_features:7.2f} dB{as_heard:7.2f} dB heard{share}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", nargs="?", help="a set of voices, by name or folder")
    args = parser.parse_args()
    pack, understood = load(), recogniser()
    data = lessons.find("voices").open(128, "none")
    if understood:
        spoken = pack.recorded_x, pack.recorded_y
        print("as spoken, understood:", *(f"{understood(clips):.0%}" for clips in spoken))
    sides = {"xy": (pack.test_x, pack.test_y), "yx": (pack.test_y, pack.test_x)}
    for direction, (given, truth) in sides.items():
        known = data.known_x if direction == "xy" else data.known_y
        moved = [torch.from_numpy(spoken_part(one)) for one in known["moved"]]
        print(f"\n{direction}")
        tell("x, synthesised, from x", given, given, of_columns, understood)
        tell("x from the truth", given, truth, distance, None)
        tell("mean and deviation moved, from the truth", moved, truth, distance, understood)
        for folder in checkpoints.find(checkpoints.locate(args.set)) if args.set else ():
            translator = Translator(checkpoints.load(Path(folder)))
            views = [translator.kept_views(x, direction) for x in given]
            made, back = ([view[key] for view in views] for key in ("made", "back"))
            tell(f"{folder.name}: G(x) from the truth", made, truth, distance, understood)
            tell(f"{folder.name}: F(G(x)) from x", back, given, of_columns, understood)


if __name__ == "__main__":
    main()
