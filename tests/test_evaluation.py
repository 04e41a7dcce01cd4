"""Evaluation: known generators get the figures they must get, and the command line is civil."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import SIZE, config, dataset, noise, pictures, same
from torch import Tensor, nn
from variants import FULL, GAN, GAN_CYCLE, write

from cyclegan import lessons
from cyclegan.core import figures, files
from cyclegan.core.config import Channels, Domains, Ranges, Training
from cyclegan.core.figures import Figure
from cyclegan.core.media import PICTURES
from cyclegan.inference import closer, command, comparisons, evaluation
from cyclegan.inference.translator import Translator
from cyclegan.lessons import DataError, UnpairedData
from cyclegan.methods import Model
from cyclegan.store import checkpoints
from cyclegan.store.checkpoints import Checkpoint

PAIRS = 35
"""More than one batch, and the last one is not full."""


class Stub(nn.Module):
    """A generator that is a known function of pictures in [-1, 1]."""

    multiple, smallest = 1, 1

    def __init__(self, function: Callable[[Tensor], Tensor]):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def red_for_blue(x: Tensor) -> Tensor:
    return x.flip(1)


def brighter(levels: int) -> Callable[[Tensor], Tensor]:
    return lambda x: x + levels / 127.5


def nothing(x: Tensor) -> Tensor:
    return x


MAPS = lessons.find("satellite2map").figures
"""Of a lesson with a figure of its own."""


def with_generators(G: Callable, F: Callable) -> Translator:
    c = config()
    model = Model(c)
    model.G, model.F = Stub(G), Stub(F)
    return Translator(Checkpoint(Path("made-up"), c, model.eval(), {}))


def pairs(x: list[Tensor], y: list[Tensor], **more) -> UnpairedData:
    more = {"paired": True, "figures": MAPS, **more}
    return UnpairedData(Domains(), x, y, x, y, in_memory=True, **more)


def mirrored_worlds(count: int = PAIRS) -> UnpairedData:
    """Y is X with red and blue exchanged."""
    x = pictures(count, 8)
    return pairs(x, [t.flip(0) for t in x])


PERFECT = {
    "rmse": 0,
    "accuracy_5": 1,
    "accuracy_10": 1,
    "accuracy_16": 1,
    "ssim": 1,
    "sharpness": 1,
    "cycle_error": 0,
    "diversity": 1,
}


def test_the_truth_is_perfect():
    data = mirrored_worlds()
    found = evaluation.evaluate(with_generators(red_for_blue, red_for_blue), data)
    assert found["pairs"] == found["items"] == PAIRS and found["size"] == 8
    assert "held_out" not in found
    # F(x) exchanges the colours of x too, and G(y) those of y: far from x and from y.
    x = torch.stack(list(data.test_x)).float()
    identity = float((x - x.flip(1)).abs().mean())
    assert found["effective"] == PAIRS
    assert found["G"] == pytest.approx({**PERFECT, "sea_iou": 1, "identity_error": identity})
    assert found["F"] == pytest.approx({**PERFECT, "identity_error": identity})


def test_doing_nothing_is_perfect_in_all_but_the_translation():
    data = mirrored_worlds()
    found = evaluation.evaluate(with_generators(nothing, nothing), data)
    x, y = (torch.stack(list(side)).double() for side in (data.test_x, data.test_y))
    rmse = float((x - y).square().mean((1, 2, 3)).sqrt().mean())
    sea = [side[:, 2] - side[:, 0] > 30 for side in (x, y)]
    assert not (sea[0] & sea[1]).any()  # What is sea in x has its blue in red in y.
    for network in "GF":
        assert found[network]["rmse"] == pytest.approx(rmse)
        assert found[network]["cycle_error"] == found[network]["identity_error"] == 0
        assert found[network]["diversity"] == 1
        assert found[network]["ssim"] < 0.9
    assert found["G"]["sea_iou"] == 0


def test_a_known_distance():
    """G brightens by 10 of 255, F does nothing: every figure that follows can be told."""
    grey = [50 + t // 2 for t in pictures(PAIRS, 8)]
    found = evaluation.evaluate(with_generators(brighter(10), nothing), pairs(grey, grey))
    assert found["G"]["rmse"] == pytest.approx(10)
    shares = [found["G"][f"accuracy_{delta}"] for delta in (5, 10, 16)]
    assert shares == [0, 0, 1]  # 10 is not below 10.
    assert found["G"]["cycle_error"] == 10  # F(G(x)) = x + 10
    assert found["G"]["identity_error"] == 0  # F(x) = x
    assert found["F"]["rmse"] == 0
    assert found["F"]["cycle_error"] == 10  # G(F(y)) = y + 10
    assert found["F"]["identity_error"] == 10  # G(y) = y + 10


def test_rmse_is_the_mean_over_pictures():
    """Errors of 0 and 20 make 10, and not the root of 200."""
    flat = [torch.full((3, 8, 8), value, dtype=torch.uint8) for value in (100, 140)]
    truth = [flat[0], flat[1] + 20]
    found = evaluation.evaluate(with_generators(nothing, nothing), pairs(flat, truth))
    assert found["G"]["rmse"] == pytest.approx(10)


def test_a_collapsed_generator_is_found_out():
    x = pictures(PAIRS, 8)

    def always_the_first(batch: Tensor) -> Tensor:
        return (x[0] / 127.5 - 1).expand_as(batch)

    found = evaluation.evaluate(with_generators(always_the_first, nothing), pairs(x, x))
    assert found["G"]["diversity"] == 0
    assert found["F"]["diversity"] == 1


def test_swapped_colours_are_found_by_sea_iou_and_not_by_the_cycle():
    """G paints sea as land and land as sea, F paints them back: consistent, and all wrong."""
    land = [torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(i)) < 0.5 for i in range(4)]
    x = [torch.cat([mask, mask, ~mask]).to(torch.uint8) * 255 for mask in land]

    found = evaluation.evaluate(with_generators(torch.neg, torch.neg), pairs(x, x))["G"]
    assert found["sea_iou"] == 0 and found["rmse"] == pytest.approx(255)
    assert found["cycle_error"] == 0 and found["diversity"] == 1


def test_the_mean_colour_is_safe_and_empty():
    """It beats a random permutation in RMSE; that it says nothing shows in diversity."""
    x = pictures(PAIRS, 8)
    mean = torch.stack(x).float().mean((0, 2, 3)).view(3, 1, 1) / 127.5 - 1
    safe = evaluation.evaluate(with_generators(mean.expand_as, nothing), pairs(x, x))["G"]
    permuted = pairs(x, x[1:] + x[:1])
    bold = evaluation.evaluate(with_generators(nothing, nothing), permuted)["G"]
    assert safe["rmse"] < bold["rmse"] - 10
    assert (safe["diversity"], bold["diversity"]) == (0, 1)


def test_a_glance_tells_what_the_evaluation_tells():
    data = mirrored_worlds()
    translator = with_generators(brighter(10), brighter(-3))
    model, whole = translator.model, evaluation.evaluate(translator, data)["G"]
    held, cpu = data.held_out(8), torch.device("cpu")
    look = model.networks, model.method, model.config, held, cpu
    kept, found = evaluation.glance(*look)
    assert found == pytest.approx({name: whole[name] for name in found})
    assert set(found) == {"sea_iou", "rmse", "cycle_error", "diversity"}
    assert set(kept) == {"made", "back"}, "no pass but those that figures need"
    kept, _ = evaluation.glance(*look, keys=["same"])
    expected = (held.x.int() - 3).clamp(0, 255)  # F darkens by 3.
    assert (kept["same"].int() - expected).abs().max() <= 1


def test_a_glance_at_one_item_shows_it_without_figures():
    model = with_generators(nothing, nothing).model
    held = pairs(pictures(1, 8), pictures(1, 8)).held_out(8)
    kept, found = evaluation.glance(
        model.networks, model.method, model.config, held, torch.device("cpu")
    )
    assert found == {} and torch.equal(kept["back"], held.x)


def test_variety_is_compared_with_that_of_the_target_domain():
    """X is twice as varied as Y, and both generators keep what they are given."""
    y = [t // 2 for t in pictures(PAIRS, 8)]
    found = evaluation.evaluate(with_generators(nothing, nothing), pairs([2 * t for t in y], y))
    assert found["G"]["diversity"] == pytest.approx(2)
    assert found["F"]["diversity"] == pytest.approx(0.5)


def test_what_is_measured_is_the_datas_own():
    data = pairs(pictures(3), pictures(3), figures=(figures.RMSE, figures.CYCLE_ERROR))
    found = evaluation.evaluate(with_generators(nothing, nothing), data)
    assert set(found["G"]) == set(found["F"]) == {"rmse", "cycle_error"}


def test_a_trained_network_gets_the_figures_of_its_pictures(tmp_path):
    """The same by another way: one picture at a time through `translate`."""
    write(tmp_path, FULL)
    translator = Translator(checkpoints.load(tmp_path))
    data = pairs(pictures(3), pictures(3, seed=1))
    found = evaluation.evaluate(translator, data)["F"]

    def picture(t: Tensor) -> np.ndarray:
        return t.permute(1, 2, 0).numpy()

    made = [translator.translate(Image.fromarray(picture(t)), "yx") for t in data.test_y]
    truths = [picture(t) for t in data.test_x]
    rmse = [figures.rmse(np.asarray(m.translation), t) for m, t in zip(made, truths, strict=True)]
    assert found["rmse"] == pytest.approx(np.mean(rmse), abs=0.05)
    assert found["cycle_error"] == pytest.approx(np.mean([m.cycle_error for m in made]), abs=0.05)
    identity = np.mean([m.identity_error for m in made])
    assert found["identity_error"] == pytest.approx(identity, abs=0.05)
    assert found["rmse"] > 5 and found["cycle_error"] != found["identity_error"]


def test_without_pairs_there_are_the_figures_that_need_no_truth():
    """And the two sides need not be of one length."""
    x, y = pictures(3, 8), pictures(5, 8)
    found = evaluation.evaluate(with_generators(brighter(10), nothing), pairs(x, y, paired=False))
    assert set(found) == {"items", "effective", "size", "G", "F", "intervals"}
    assert found["items"] == 3
    known = {"sharpness", "cycle_error", "identity_error", "diversity"}
    assert set(found["G"]) == set(found["F"]) == known
    assert found["F"]["identity_error"] == pytest.approx(10, abs=0.5)  # Where nothing is cut off.


def test_training_items_are_no_held_out_ones():
    data = pairs(pictures(2, 8), pictures(2, 8), is_held_out=False)
    found = evaluation.evaluate(with_generators(nothing, nothing), data)
    assert found["held_out"] is False
    assert evaluation.what_was_measured(found) == (
        "2 training (none were held out) pairs of 8×8 pixels."
    )


def test_training_items_are_called_so_wherever_metrics_are_read(tmp_path):
    files.write_json(tmp_path / "metrics.json", {"items": 12, "size": 64, "held_out": False})
    assert "12 training" in evaluation.what_was_measured(checkpoints.read_metrics(tmp_path))


def test_the_panned_window_is_as_wide_as_networks_take(tmp_path):
    """So that no pixel of it is made up: 16 of 24 for a U-Net, and not 20."""
    seen = []

    def noted(x: Tensor) -> Tensor:
        seen.append(x.shape[-1])
        return x

    translator = with_generators(noted, noted)
    translator.model.G.multiple = 16
    translator.medium = PICTURES
    x = pictures(3)
    evaluation.estimate(translator, pairs(x, x))
    assert 16 in seen and SIZE - 4 not in seen


def survived(name: str) -> Figure:
    """Mean distance of x and of what came back after a disturbance."""
    return Figure(
        name,
        name,
        needs=("original", name),
        of=lambda original, **found: figures.l1(original, found[name]),
        networks="F",
    )


def test_the_way_back_from_a_disturbed_translation():
    """F of a flat grey is G's mirror image: what the disturbance did comes back, and no more."""
    grey = [torch.full((3, 24, 24), 128, dtype=torch.uint8) for _ in range(3)]
    edge = [torch.where(torch.arange(24) < 12, 0, 255).to(torch.uint8).expand(3, 24, 24)] * 3
    names = [f"back_after_{name}" for name in closer.DISTURBANCES]
    both = with_generators(lambda x: -x, lambda x: -x)
    found = {}
    for side, items in (("grey", grey), ("edge", edge)):
        data = pairs(pictures(3), items, figures=tuple(map(survived, names)))
        metrics = evaluation.evaluate(both, data)
        assert metrics["G"] == {}, "of F alone"
        found[side] = metrics["F"]
    # E|N(0, 10)| is 10 √(2/π).
    assert found["grey"]["back_after_noise"] == pytest.approx(7.98, rel=0.05)
    assert found["grey"]["back_after_blur"] == 0 and found["grey"]["back_after_jpeg"] < 1
    # Two of 24 columns are a third of the step away.
    assert found["edge"]["back_after_blur"] == pytest.approx(2 * 85 / 24, abs=0.2)


def test_without_a_way_back_nothing_comes_back_disturbed():
    data = pairs(pictures(3), pictures(3), figures=(survived("back_after_noise"),))
    one = with_generators(nothing, nothing)
    one.model.F = None
    assert evaluation.evaluate(one, data)["G"] == {}


def test_diversity_needs_two_items():
    with pytest.raises(DataError, match="at least two held-out items"):
        evaluation.evaluate(with_generators(nothing, nothing), pairs(pictures(1), pictures(2)))


def test_an_item_handed_over_unchanged():
    """What a generator has to beat: the figures of x as the answer, for y = x and for another."""
    x = pictures(3)

    def unchanged(data: UnpairedData) -> dict[str, dict[str, float]]:
        listed = evaluation.unchanged(data.held_out(SIZE)).items()
        return {network: {key: one.value for key, one in of.items()} for network, of in listed}

    itself = unchanged(pairs(x, x))
    assert itself["G"]["rmse"] == 0 and itself["G"]["sea_iou"] == itself["G"]["diversity"] == 1
    assert "sea_iou" not in itself["F"] and "cycle_error" not in itself["G"]
    dark = pairs(x, [picture // 2 for picture in x])
    other = unchanged(dark)
    assert other["G"]["diversity"] == pytest.approx(2, abs=0.04) and other["G"]["rmse"] > 0
    assert other["F"]["diversity"] == pytest.approx(0.5, abs=0.01)
    found = evaluation.evaluate(with_generators(brighter(10), nothing), dark)
    assert found["unchanged"] == other
    grey = pairs(x, [picture[:1] for picture in x])
    assert unchanged(grey) == {}, "x is no answer of another shape"


def test_how_far_two_originals_are_apart():
    """Grey pictures of 0, 30 and 90: 30, 90 and 60 apart. What a way back to another one scores."""
    greys = [torch.full((3, SIZE, SIZE), value, dtype=torch.uint8) for value in (0, 30, 90)]
    dark = [grey // 3 for grey in greys]
    found = evaluation.apart(pairs(greys, dark).held_out(SIZE))
    assert found == {"G": pytest.approx(60), "F": pytest.approx(20)}
    assert evaluation.apart(pairs(greys[:1], dark).held_out(SIZE)) == {"F": pytest.approx(20)}


def test_one_translation_has_its_quick_figures():
    x, y = (np.asarray(noise(8, 8, seed=seed)) for seed in (0, 1))
    known = {"made": x, "truth": y}
    found = evaluation.against_truth(MAPS, known, "G")
    both, either = MAPS[5].of(x, y)
    assert found == {"rmse": figures.rmse(x, y), "sea_iou": both / either}
    assert set(evaluation.against_truth(MAPS, known, "F")) == {"rmse"}


# The table


def cells(line: str) -> list[str]:
    assert line.startswith("| ") and line.endswith(" |")
    return [cell.strip() for cell in line[1:-1].split("|")]


def test_table():
    one = {figure.key: 0.123456 for figure in MAPS}
    without_sea = {key: 98.76 for key in one if key != "sea_iou"}
    ends = {"G": {"rmse": [0.05, 0.26]}, "unchanged": {"F": {"rmse": [6.94, 9]}}}
    result = {"pairs": 2, "size": 8, "G": one, "F": without_sea, "intervals": ends}
    itself = {"G": {"rmse": 7.0}, "F": {"rmse": 8.0}}
    results = {"GAN": result, "GAN + cycle": {**result, "unchanged": itself}}
    best = {("G", "rmse"): "GAN", ("F", "rmse"): "GAN + cycle"}
    head, rule, *body = evaluation.table(
        results, MAPS, lambda network, key: best.get((network, key))
    ).splitlines()
    assert cells(head)[2:] == [figure.heading for figure in MAPS]
    assert len(rule.strip("|").split("|")) == len(cells(head)) == 2 + len(MAPS)
    rows = [cells(line) for line in body]
    assert [row[:2] for row in rows] == [
        ["GAN", "G"],
        ["GAN", "F"],
        ["GAN + cycle", "G"],
        ["GAN + cycle", "F"],
        ["*x itself*", "G"],
        ["*y itself*", "F"],
    ]
    assert {len(row) for row in rows} == {2 + len(MAPS)}
    by_name = [dict(zip(one, row[2:], strict=True)) for row in rows]
    assert by_name[0]["rmse"] == "**0.1** (0.1–0.3)" and by_name[0]["sea_iou"] == "0.123"
    assert by_name[1]["cycle_error"] == "98.8" and by_name[1]["sea_iou"] == "–"
    assert [by_name[i]["rmse"] for i in (2, 3)] == ["0.1 (0.1–0.3)", "**98.8**"]
    assert by_name[4]["rmse"] == "7.0" and by_name[4]["cycle_error"] == "–"
    assert by_name[5]["rmse"] == "8.0 (6.9–9.0)"


# The command line


@pytest.fixture
def world(tmp_path, monkeypatch) -> Path:
    """A bundled set "world" of two variants, and three pairs for it."""
    folder = tmp_path / "bundled" / "world"
    write(folder / "gan", config(GAN, data="satellite2map"))
    write(folder / "gan-cycle", config(GAN_CYCLE, data="satellite2map"), seed=1)
    monkeypatch.setattr(checkpoints, "BUNDLED", folder.parent)

    def open_data(name: str, size: int, fit: str, *form: object) -> UnpairedData:
        assert (name, size, fit) == ("satellite2map", SIZE, Training().fit)
        assert form == (Channels(), Ranges(), None)
        return pairs(pictures(3), pictures(3, seed=1))

    monkeypatch.setattr(command, "open_data", open_data)
    return folder


def run(capsys, *argv: str) -> tuple[int, str, str]:
    code = command.main([str(word) for word in argv])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_a_table_is_printed(world, capsys):
    code, out, err = run(capsys, "world")
    assert code == 0 and err == ""
    rows = [cells(line)[:2] for line in out.splitlines() if line.startswith("| GAN")]
    assert "| *x itself* | G | " in out
    assert rows == [["GAN", "G"], ["GAN", "F"], ["GAN + cycle", "G"], ["GAN + cycle", "F"]]
    assert "\n3 held-out pairs of 24×24 pixels. In brackets" in out
    assert not list(world.glob("*/metrics.json"))


def test_json_is_printed(world, capsys):
    code, out, err = run(capsys, world, "--json")
    assert code == 0 and err == ""
    found = json.loads(out)
    assert list(found) == ["GAN", "GAN + cycle"]
    translator = Translator(checkpoints.load(world / "gan-cycle"))
    expected = evaluation.evaluate(translator, pairs(pictures(3), pictures(3, seed=1)))
    assert same(found["GAN + cycle"], expected)
    assert found["GAN"] != found["GAN + cycle"]


def test_figures_are_saved_where_checkpoints_find_them(world, capsys):
    code, out, _ = run(capsys, "world", "--save", "--json")
    assert code == 0
    found = json.loads(out)
    for name, variant in (("gan", "GAN"), ("gan-cycle", "GAN + cycle")):
        saved = json.loads((world / name / "metrics.json").read_text(encoding="utf-8"))
        assert saved == checkpoints.load(world / name).metrics == found[variant]


def test_what_differs_is_saved_with_the_set_and_told(world, capsys):
    code, *_ = run(capsys, "world", "--save")
    found = comparisons.read(world)
    assert code == 0 and list(found.pairs) == [("gan", "gan-cycle")]
    told = found.between("gan", "gan-cycle", "G")
    assert {"rmse", "sea_iou", "cycle_error", "diversity", "warping_1"} <= set(told)
    a, b = (checkpoints.load(world / name).metrics["G"] for name in ("gan", "gan-cycle"))
    assert told["rmse"].value == pytest.approx(a["rmse"] - b["rmse"], abs=1e-3)
    assert told["ssim"].value == pytest.approx(b["ssim"] - a["ssim"], abs=1e-5), "of badness"


def test_every_item_is_written_as_csv(world, capsys, tmp_path):
    code, _, _ = run(capsys, "world", "--items", tmp_path / "items.csv")
    lines = list(csv.DictReader((tmp_path / "items.csv").open(encoding="utf-8")))
    assert code == 0 and len(lines) == 2 * 2 * 3
    mine = [line for line in lines if (line["variant"], line["network"]) == ("GAN", "G")]
    assert [line["group"] for line in mine] == ["0", "1", "2"]
    found = evaluation.evaluate(
        Translator(checkpoints.load(world / "gan")), pairs(pictures(3), pictures(3, seed=1))
    )["G"]
    assert np.mean([float(line["rmse"]) for line in mine]) == pytest.approx(found["rmse"])
    above, below = (sum(float(line[f"sea_iou_{p}"]) for line in mine) for p in ("above", "below"))
    assert above / below == pytest.approx(found["sea_iou"])
    assert "diversity" not in mine[0], "it is of pairs of items"


def test_ctrl_c_writes_nothing(world, capsys, monkeypatch, tmp_path):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "measure", interrupted)
    code, out, err = run(capsys, "world", "--save", "--items", tmp_path / "items.csv")
    assert (code, out, err) == (
        130,
        "",
        "evaluation: stopped; every file is whole, or as it was.\n",
    )
    assert not list(world.glob("**/*.json.*")) and not (tmp_path / "items.csv").exists()


def test_a_single_checkpoint_is_a_set_of_one(world, capsys):
    code, out, _ = run(capsys, "world/gan", "--json")
    assert code == 0 and list(json.loads(out)) == ["GAN"]


def test_two_checkpoints_of_one_objective_are_both_listed(world, capsys):
    """Runs that differ in their seed have one name between them."""
    write(world / "seed-1", config(GAN, data="satellite2map"), seed=1)
    code, out, _ = run(capsys, "world", "--json")
    found = json.loads(out)
    assert code == 0 and len(found) == 3
    figures_found = [json.dumps(found[name]) for name in found if "cycle" not in name]
    assert len(set(figures_found)) == 2
    assert any("seed-1" in name for name in found)


def test_checkpoints_of_other_data_have_a_table_of_their_own(world, capsys, tmp_path, monkeypatch):
    """And are compared with nobody."""
    write(world / "signal", config(GAN_CYCLE, data="drawing"))
    plain = command.open_data

    def open_data(name: str, *how: object) -> UnpairedData:
        found = plain("satellite2map", *how)
        return replace(found, figures=lessons.find(name).figures[:4])

    monkeypatch.setattr(command, "open_data", open_data)
    code, out, err = run(capsys, "world", "--save", "--items", tmp_path / "items.csv")
    assert code == 0 and err == ""
    assert out.count("| variant |") == 2 and out.count("3 held-out pairs of 24×24 pixels") == 2
    assert list(comparisons.read(world).pairs) == [("gan", "gan-cycle")]


def refusal(capsys, *argv: str) -> str:
    code, out, err = run(capsys, *argv)
    assert code == 2 and out == ""
    assert err.startswith("evaluation: ") and err.endswith(".\n") and err.count("\n") == 1
    return err


def test_an_unknown_set(world, capsys):
    sentence = refusal(capsys, "word")
    assert "word is neither" in sentence and "bundled are: world." in sentence


def test_a_damaged_checkpoint(world, capsys):
    (world / "gan" / "model.safetensors").write_bytes(b"short")
    code, out, err = run(capsys, "world")
    assert code == 2 and out == ""
    assert "gan/model.safetensors is damaged" in err and "Traceback" not in err


def test_unpaired_data(capsys, tmp_path):
    folder = dataset(tmp_path / "pictures")
    (folder / "unpaired").touch()  # Its equal file names are chance.
    write(tmp_path / "own", config(data=str(folder)))
    code, out, err = run(capsys, tmp_path / "own")
    assert code == 0 and err == ""
    head = cells(out.splitlines()[0])
    known = ["gradient ratio → 1", "cycle error ↓", "identity error ↓", "diversity → 1"]
    assert head[2:] == [*known, "warping error at 1 px ↓"] and "itself" not in out
    assert (
        "\n2 held-out items of 24×24 pixels; there is no ground truth: figures that need none."
    ) in out


def test_data_that_is_gone(tmp_path, capsys):
    gone = tmp_path / "gone"
    write(tmp_path / "own", config(data=str(gone)))
    assert f"There is no folder {gone}." in refusal(capsys, tmp_path / "own")


def test_a_full_disk(world, capsys, monkeypatch):
    def full(path: Path, values: dict) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(files, "write_json", full)
    code, out, err = run(capsys, "world", "--save")
    assert code == 2 and out == ""
    assert "No space left on device" in err and err.count("\n") == 1


def test_unknown_flags(capsys):
    with pytest.raises(SystemExit) as left:
        command.main(["world", "--jsn"])
    assert left.value.code == 2
    assert "--jsn" in capsys.readouterr().err
