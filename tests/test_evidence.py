"""Intervals and paired differences: against independent code, and known effects."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
import variants
from scipy import sparse
from scipy.spatial.distance import pdist

from cyclegan import lessons
from cyclegan.core import evidence, figures
from cyclegan.core.evidence import Blocks, Estimate
from cyclegan.inference import comparisons
from cyclegan.lessons import data as lesson_data
from cyclegan.lessons.satellite2map import SEA_IOU, tiles

RANDOM = np.random.default_rng(7)
GROUPS = ["a", "b", "b", "c", "c", "c", "d", "e", "e", "f", "g"]


def pictures(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 12, 12, 3), dtype=np.uint8)


def resamples(groups: list, drawn: int) -> list[list[int]]:
    """Items of 2,000 resamples, drawn block by block by another road than the library's."""
    names = sorted(set(groups), key=groups.index)
    random = np.random.default_rng(99)
    chosen = random.integers(0, len(names), (evidence.RESAMPLES, drawn))
    return [
        [i for block in row for i, group in enumerate(groups) if group == names[block]]
        for row in chosen
    ]


def ends(values: list[float]) -> np.ndarray:
    return np.percentile(values, [2.5, 97.5])


# Three intervals by independent code


def test_the_interval_of_a_mean():
    made, truth = pictures(11), pictures(11, 1)
    made[3:6] //= 2
    found = figures.RMSE.estimate({"made": made, "truth": truth}, {"made": Blocks.by(GROUPS)})
    each = [np.sqrt(((a - b) ** 2).mean()) for a, b in zip(made * 1.0, truth * 1.0, strict=True)]
    assert found.value == pytest.approx(np.mean(each))
    expected = ends([np.mean([each[i] for i in row]) for row in resamples(GROUPS, 7)])
    width = expected[1] - expected[0]
    assert found.interval == pytest.approx(expected, abs=0.1 * width)
    assert found.items[:, 0] == pytest.approx(each)


def test_the_interval_of_a_figure_that_is_pooled():
    """Sea of all tiles over sea of all tiles, pooled anew in every resample."""
    made, truth = pictures(11, 2), pictures(11, 3)
    truth[5:8] = made[5:8]
    found = SEA_IOU.estimate({"made": made, "truth": truth}, {"made": Blocks.by(GROUPS, 4)})

    def sea(picture: np.ndarray) -> np.ndarray:
        return picture[..., 2].astype(int) - picture[..., 0] > 30

    def pooled(row: list[int]) -> float:
        both = sum((sea(made[i]) & sea(truth[i])).sum() for i in row)
        return both / sum((sea(made[i]) | sea(truth[i])).sum() for i in row)

    assert found.value == pytest.approx(pooled(list(range(11))))
    expected = ends([pooled(row) for row in resamples(GROUPS, 4)])
    width = expected[1] - expected[0]
    assert found.interval == pytest.approx(expected, abs=0.1 * width)


def test_the_interval_of_diversity_without_pairs_within_one_block():
    made, real = pictures(11, 4), pictures(11, 5)
    made[:6] //= 3
    blocks = Blocks.by(GROUPS)
    found = figures.DIVERSITY.estimate(
        {"made": made, "real": real}, {"made": blocks, "real": blocks}
    )

    def spread(items: np.ndarray, row: list[int]) -> float:
        apart = [
            np.abs(items[i].astype(int) - items[j]).mean()
            for at, i in enumerate(row)
            for j in row[:at]
            if GROUPS[i] != GROUPS[j]
        ]
        return np.mean(apart)

    everything = list(range(11))
    assert found.value == pytest.approx(spread(made, everything) / spread(real, everything))
    rows = resamples(GROUPS, 7)[:400]
    expected = ends([spread(made, row) / spread(real, row) for row in rows if len(set(row)) > 1])
    width = expected[1] - expected[0]
    assert found.interval == pytest.approx(expected, abs=0.25 * width)


def test_any_other_figure_is_computed_anew_in_every_resample():
    made = pictures(11, 6)
    median = figures.Figure(
        "m", "median", needs=("made",), of=lambda made: float(np.median(made)), over="any"
    )
    found = median.estimate({"made": made}, {"made": Blocks.by(GROUPS)})
    assert found.value == np.median(made)
    rows = resamples(GROUPS, 7)
    expected = ends([float(np.median(made[row])) for row in rows])
    assert found.interval == pytest.approx(expected, abs=2)


# A known effect


def ground_under(corners: list[tuple[int, int]], size: int) -> sparse.csr_matrix:
    """(N, pixels) with which means of tiles are taken, of all pixels of ground under any tile."""
    number: dict[tuple[int, int], int] = {}
    rows = [
        [
            number.setdefault((y, x), len(number))
            for y in range(t, t + size)
            for x in range(w, w + size)
        ]
        for t, w in corners
    ]
    columns = np.concatenate(rows)
    starts = np.arange(0, len(columns) + 1, size**2)
    return sparse.csr_matrix((np.full(len(columns), 1 / size**2), columns, starts))


def test_intervals_hold_a_known_effect_under_overlapping_tiles():
    """Errors of two variants drawn pixel by pixel of the ground, of which one is worse by 0.01.

    The tiles are satellite2map's own, their overlap and their places included.
    """
    size, effect, runs = 64, 0.01, 1000
    corners = tiles.test_corners(tiles.load_world(tiles.world_width(size))["sea"], size)
    cut = tiles.cut_all(size)
    ground = ground_under(corners, size)
    assert ground.shape[1] / size**2 == pytest.approx(30.8, abs=0.1), "tiles' worth of ground"
    random, ones = np.random.default_rng(0), np.ones(len(corners))
    a, b = (
        np.hstack(
            [ground @ random.standard_normal((ground.shape[1], 50)) for _ in range(runs // 50)]
        )
        for _ in range(2)
    )

    def held(blocks: Blocks) -> float:
        found = [
            evidence.difference(
                [
                    (
                        evidence.of_ratio(worse + effect, ones, blocks),
                        evidence.of_ratio(better, ones, blocks),
                    )
                ],
                lambda value: value,
            )
            for worse, better in zip(a.T, b.T, strict=True)
        ]
        return np.mean([one.low <= effect <= one.high for one in found])

    assert 0.90 <= held(Blocks.by(cut.cells, cut.drawn)) <= 0.97
    assert held(Blocks.by(cut.cells)) < 0.88, "all cells in a resample would promise too much"


def test_intervals_of_independent_items_hold_a_known_mean():
    held, random = 0, np.random.default_rng(1)
    blocks = Blocks.by(np.repeat(np.arange(60), 3).tolist())
    for _ in range(1000):
        # Three items of a block share all but a little.
        values = np.repeat(random.exponential(2.0, 60), 3) + 0.1 * random.standard_normal(180)
        low, high = evidence.of_ratio(values, np.ones(180), blocks).interval
        held += low <= 2.0 <= high
    assert 0.90 <= held / 1000 <= 0.97


# Pairs of variants


def estimate(values: np.ndarray, blocks: Blocks) -> dict[str, dict[str, Estimate]]:
    return {"G": {"rmse": evidence.of_ratio(values, np.ones(len(values)), blocks)}}


MEASURES = {"rmse": figures.RMSE}


def test_a_difference_is_clear_where_items_agree_on_it_however_they_differ():
    hard = RANDOM.uniform(0, 100, 40)
    blocks = Blocks.by(range(40))
    a, b = estimate(hard + 1 + 0.1 * RANDOM.standard_normal(40), blocks), estimate(hard, blocks)
    assert a["G"]["rmse"].interval[0] < b["G"]["rmse"].interval[1], "each by itself tells nothing"
    found = comparisons.compare({"a": {0: a}, "b": {0: b}}, MEASURES)
    one = found.difference("a", "b", "G", "rmse")
    assert one.is_clear and one.low < 1 < one.high
    other = found.difference("b", "a", "G", "rmse")
    assert (other.value, other.low, other.high) == (-one.value, -one.high, -one.low)
    assert found.best(["a", "b"], "G", "rmse") == "b" and found.best(["a"], "G", "rmse") is None
    assert comparisons.told([figures.RMSE], found.between("b", "a", "G")) == (
        f"RMSE {one.value:.1f} lower ({one.low:.1f}–{one.high:.1f})"
    )
    noise = estimate(hard + RANDOM.standard_normal(40), blocks)
    found = comparisons.compare({"a": {0: noise}, "b": {0: b}}, MEASURES)
    assert not found.difference("a", "b", "G", "rmse").is_clear
    assert comparisons.told([figures.RMSE], found.between("a", "b", "G")) == "no difference in RMSE"
    assert found.best(["a", "b"], "G", "rmse") is None


def test_seeds_that_disagree_make_no_difference():
    blocks = Blocks.by(range(30))
    base = np.full(30, 10.0) + 0.01 * RANDOM.standard_normal(30)

    def seeds(*shifts: float) -> dict[int, dict]:
        return {seed: estimate(base + shift, blocks) for seed, shift in enumerate(shifts)}

    same = seeds(0, 0, 0)
    agreed = comparisons.compare({"a": seeds(1.0, 1.1, 0.9), "b": same}, MEASURES)
    assert agreed.difference("a", "b", "G", "rmse").is_clear
    # Mean 1, standard deviation 1: Student's t for 2 degrees of freedom is 4.303.
    apart = comparisons.compare({"a": seeds(0, 1, 2), "b": same}, MEASURES)
    one = apart.difference("a", "b", "G", "rmse")
    assert one.low == pytest.approx(1 - 4.3027 / np.sqrt(3), abs=1e-3) and not one.is_clear
    one = comparisons.compare({"a": seeds(1.0), "b": same}, MEASURES)
    assert one.difference("a", "b", "G", "rmse").is_clear, "one seed: of the items alone"


def test_what_is_near_one_is_compared_by_its_distance():
    blocks = Blocks.by(range(20))
    a, b = (
        {"G": {"diversity": evidence.of_ratio(np.full(20, value), np.ones(20), blocks)}}
        for value in (1.1, 0.8)
    )
    found = comparisons.compare({"a": {0: a}, "b": {0: b}}, {"diversity": figures.DIVERSITY})
    assert found.difference("a", "b", "G", "diversity").value == pytest.approx(-0.1)
    told = comparisons.told([figures.DIVERSITY], found.between("a", "b", "G"))
    assert told == "diversity 0.100 closer to 1 (0.100–0.100)"


def test_comparisons_survive_a_file_and_whatever_stands_in_it(tmp_path):
    blocks = Blocks.by(range(9))
    a, b = estimate(np.arange(9.0), blocks), estimate(np.arange(9.0) + 2, blocks)
    found = comparisons.compare({"a": {0: a}, "b": {0: b}}, MEASURES)
    comparisons.write(tmp_path, found)
    read = comparisons.read(tmp_path).difference("a", "b", "G", "rmse")
    assert (read.value, read.low, read.high) == pytest.approx((-2, -2, -2))
    assert comparisons.read(tmp_path / "nowhere").pairs == {}
    odd = [7, {"a": "x"}, {"a": "x", "b": "y", "G": {"rmse": [1, 2], "ssim": [1, "2", 3]}, "F": 5}]
    kept = comparisons.Comparisons.from_json(odd)
    assert kept.difference("x", "y", "G", "rmse") is None and kept.between("x", "y", "F") == {}
    (tmp_path / "comparisons.json").write_text("{")
    assert comparisons.read(tmp_path).pairs == {}


def test_comparisons_that_figures_do_not_bear_out_are_left_out():
    """A variant was trained and measured again, or two folders changed their names."""
    blocks = Blocks.by(range(9))
    a, b = estimate(np.arange(9.0), blocks), estimate(np.arange(9.0) + 2, blocks)
    found = comparisons.compare({"a": {0: a}, "b": {0: b}}, MEASURES)
    metrics = {"a": {0: {"G": {"rmse": 4.0}}}, "b": {0: {"G": {"rmse": 6.0}}}}
    assert found.agreeing(metrics, MEASURES).best(["a", "b"], "G", "rmse") == "a"
    swapped = {"a": metrics["b"], "b": metrics["a"]}
    again = {**metrics, "a": {0: {"G": {"rmse": 60.0}}}}
    reseeded = {**metrics, "a": {1: {"G": {"rmse": 4.0}}}}
    for other in (swapped, again, reseeded, {"a": metrics["a"]}, {}):
        assert found.agreeing(other, MEASURES).between("a", "b", "G") == {}


def test_comparisons_over_seeds_are_borne_out_by_the_mean_of_those_that_both_have():
    blocks = Blocks.by(range(9))
    levels = {"a": {0: 4.0, 1: 5.0}, "b": {0: 9.0, 1: 5.5, 2: 0.0}}
    of = {
        name: {seed: estimate(np.full(9, level), blocks) for seed, level in seeds.items()}
        for name, seeds in levels.items()
    }
    metrics = {
        name: {seed: {"G": {"rmse": level}} for seed, level in seeds.items()}
        for name, seeds in levels.items()
    }
    found = comparisons.compare(of, MEASURES)
    kept = found.agreeing(metrics, MEASURES).difference("a", "b", "G", "rmse")
    assert kept.value == pytest.approx(-(5.0 + 0.5) / 2) and not kept.is_clear
    metrics["b"][1]["G"]["rmse"] = 5.6
    assert found.agreeing(metrics, MEASURES).between("a", "b", "G") == {}


def test_switched_variants_differ_in_nothing_else():
    full, without = (tiny.config(o) for o in (variants.FULL, variants.GAN_IDENTITY))
    assert comparisons.switched({"a": full, "b": without}) == [("a", "b")]
    longer = replace(without, training=replace(without.training, steps=99))
    assert comparisons.switched({"a": full, "b": longer}) == []


# Blocks


def test_a_difference_of_two_collections_is_drawn_apart():
    """Means 3 and 5; each has its own standard error, 2/√400 and 1/√100: together √0.02."""
    random = np.random.default_rng(0)
    a, b = random.normal(3, 2, 400), random.normal(5, 1, 100)
    found = evidence.of_difference(a, Blocks.by(range(400)), b, Blocks.by(range(100), seed=1))
    assert found.value == pytest.approx(a.mean() - b.mean())
    low, high = found.interval
    assert low < found.value < high
    assert high - low == pytest.approx(2 * 1.96 * 0.02**0.5, rel=0.15)
    figure = figures.Figure("gap", "gap", needs=("one", "other"), of=float, over="difference")
    assert figure.measure({"one": a, "other": b}) == pytest.approx(found.value)


def test_a_single_block_has_no_interval():
    found = evidence.of_ratio(np.arange(4.0), np.ones(4), Blocks.by(["one"] * 4))
    assert found.value == 1.5 and found.interval is None


def test_blocks_of_some_items():
    blocks = Blocks.by(GROUPS)
    assert blocks.count == 7 and blocks.firsts(3).tolist() == [0, 3, 7]
    assert blocks.firsts(99).tolist() == [0, 1, 3, 6, 7, 9, 10]
    some = blocks.only([4, 5, 8])
    assert some.of.tolist() == [0, 0, 1] and some.drawn == 2
    # 11² / (1 + 4 + 9 + 1 + 4 + 1 + 1)
    assert blocks.effective == pytest.approx(121 / 21)


def test_of_many_items_all_pairs_are_of_some(monkeypatch):
    """Memory follows the square: of each of so many blocks one item is taken."""
    made, real = pictures(40, 9), pictures(40, 10)
    monkeypatch.setattr(figures, "MOST", 5)
    groups = np.repeat(np.arange(20), 2)
    blocks = Blocks.by(groups)
    found = figures.DIVERSITY.estimate(
        {"made": made, "real": real}, {"made": blocks, "real": blocks}
    )
    some = [0, 8, 16, 24, 32]
    expected = pdist(made[some].reshape(5, -1).astype(float), "cityblock").mean()
    expected /= pdist(real[some].reshape(5, -1).astype(float), "cityblock").mean()
    assert found.value == pytest.approx(expected, rel=1e-5) and found.interval


def test_needs_have_an_order_where_one_is_held_against_the_other():
    with pytest.raises(TypeError, match="needs has an order"):
        figures.Figure("x", "x", needs=frozenset({"made", "real"}), over="sides")


def test_collections_that_are_no_pairs_are_drawn_apart():
    held = lesson_data.UnpairedData(
        lessons.find("drawing").domains,
        *[[np.zeros((3, 8, 8))]] * 2,
        *(lessons_tensors(9), lessons_tensors(12)),
        paired=False,
        in_memory=True,
        groups=np.array(list("aabbccdde")),  # As a plug-in may have them.
    ).held_out(8)
    assert held.blocks_x.count == 5 and held.blocks_y.count == 12
    assert held.blocks("yx")["original"] is held.blocks_y
    assert not np.array_equal(held.blocks_x.draws[:, :5], held.blocks_y.draws[:, :5])


def lessons_tensors(count: int) -> list:
    import torch

    return [torch.zeros(3, 8, 8, dtype=torch.uint8) for _ in range(count)]


# Sharpness and flicker


def test_a_blurred_picture_is_less_sharp():
    real = np.zeros((4, 8, 8, 3), np.uint8)
    real[:, :, ::2] = 200
    made = real // 2
    found = figures.SHARPNESS.measure({"made": made, "real": real})
    assert found == pytest.approx(0.5)
    # Columns alternate and rows do not: 200 over one axis, 0 over the other.
    assert figures.gradient(real[0]) == pytest.approx(100)


def test_flicker_is_what_a_pan_changes():
    world = np.random.default_rng(3).integers(0, 256, (10, 24, 3), dtype=np.uint8)
    still, panned = world[:, :20], world[:, 2:22]
    assert figures.warping_error(still, panned, 2) == 0, "what moves with the picture is steady"
    brighter = np.clip(panned.astype(int) + 9, 0, 255).astype(np.uint8)
    moved = np.abs(still[:, 2:].astype(int) - brighter[:, :-2]).mean()
    assert figures.warping_error(still, brighter, 2) == pytest.approx(moved)


def test_distances_are_means_over_values():
    items = pictures(5, 8)
    expected = pdist(items.reshape(5, -1).astype(float), "cityblock") / items[0].size
    assert figures.distances(items) == pytest.approx(expected, rel=1e-5)
