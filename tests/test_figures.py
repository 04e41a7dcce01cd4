"""Figures: each by hand on a few pixels, and each for what it is there to find out."""

from itertools import pairwise

import numpy as np
import pytest

from cyclegan.core import figures


def picture(*pixels: tuple[int, int, int]) -> np.ndarray:
    """One row of pixels, (1, W, 3)."""
    return np.array([pixels], np.uint8)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def diversity(made: np.ndarray, real: np.ndarray) -> float:
    return figures.DIVERSITY.measure({"made": made, "real": real})


def test_l1_by_hand():
    a, b = picture((0, 0, 0), (10, 10, 10)), picture((3, 0, 0), (10, 6, 15))
    assert figures.l1(a, b) == pytest.approx((3 + 4 + 5) / 6)
    assert figures.l1(b, a) == figures.l1(a, b)


def test_rmse_by_hand():
    a, b = picture((0, 0, 0), (10, 10, 10)), picture((3, 0, 0), (10, 6, 15))
    assert figures.rmse(a, b) == pytest.approx(((9 + 16 + 25) / 6) ** 0.5)
    assert figures.rmse(b, a) == figures.rmse(a, b)


@pytest.mark.parametrize("figure", [figures.l1, figures.rmse])
def test_eight_bits_do_not_wrap_around(figure):
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    assert figure(black, white) == 255
    assert figure(white, black) == 255


@pytest.mark.parametrize(
    ("difference", "delta", "share"),
    [(4, 5, 1.0), (5, 5, 0.0), (6, 5, 0.0), (9, 10, 1.0), (10, 10, 0.0), (16, 16, 0.0)],
)
def test_pixel_accuracy_is_strict(difference, delta, share):
    a = np.full((3, 3, 3), 100, np.uint8)
    for b in (a + difference, a - difference):
        assert figures.pixel_accuracy(a, b.astype(np.uint8), delta) == share


def test_pixel_accuracy_goes_by_the_worst_channel():
    a = picture((50, 50, 50), (50, 50, 50), (50, 50, 50), (0, 0, 0))
    b = picture((50, 50, 50), (54, 46, 53), (50, 50, 61), (255, 0, 0))
    assert figures.pixel_accuracy(a, b, 5) == 2 / 4
    assert figures.pixel_accuracy(a, b, 12) == 3 / 4
    assert figures.pixel_accuracy(b, a, 12) == 3 / 4


def test_diversity_by_hand():
    """Pairwise distances of 0, 0 and 30 are 0, 30 and 30; of 0 and 40, one of 40."""
    made = np.stack([np.full((2, 2, 3), value, np.uint8) for value in (0, 0, 30)])
    real = np.stack([np.full((2, 2, 3), value, np.uint8) for value in (0, 40)])
    assert diversity(made, real) == pytest.approx(20 / 40)
    assert diversity(real, made) == pytest.approx(40 / 20)


def test_diversity_counts_small_differences_everywhere_like_large_ones_somewhere():
    """12 values apart by 4 are 48 apart in L1, and so are 1 value apart by 48."""
    everywhere = np.stack([np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 4, np.uint8)])
    somewhere = np.zeros((2, 2, 2, 3), np.uint8)
    somewhere[1, 0, 1, 2] = 48
    assert diversity(somewhere, everywhere) == pytest.approx(1)


def test_diversity_of_outputs_half_as_varied():
    real = noise(6, 4, 4, 3) // 2 * 2
    assert diversity(real // 2, real) == pytest.approx(0.5)


# What they are for


def test_the_truth_itself_is_perfect():
    truth = noise(4, 16, 16, 3)
    assert figures.l1(truth, truth) == 0
    assert figures.rmse(truth, truth) == 0
    assert figures.pixel_accuracy(truth, truth, 1) == 1
    assert diversity(truth, truth) == 1
    assert figures.ssim(truth[0], truth[0]) == pytest.approx(1)


def test_a_collapsed_generator_has_no_diversity():
    real = noise(5, 8, 8, 3)
    assert diversity(np.repeat(real[:1], 5, axis=0), real) == 0


def test_ssim_of_flat_pictures():
    """Without contrast only the first factor is left: (2ab + C₁) / (a² + b² + C₁) (Wang 2004)."""
    a, b = (np.full((9, 11, 3), value, np.uint8) for value in (2, 5))
    c1 = (0.01 * 255) ** 2
    expected = (2 * 2 * 5 + c1) / (2**2 + 5**2 + c1)
    assert figures.ssim(a, b) == pytest.approx(expected, abs=1e-4)


def test_ssim_falls_with_noise():
    row = np.linspace(20, 230, 32)
    clean = np.repeat(np.tile(row, (32, 1))[..., None], 3, axis=-1)
    random = np.random.default_rng(0).normal(0, 1, clean.shape)
    values = [
        figures.ssim(clean.astype(np.uint8), (clean + sigma * random).clip(0, 255).astype(np.uint8))
        for sigma in (0, 5, 20, 60)
    ]
    assert values[0] == pytest.approx(1)
    assert all(before > after + 0.05 for before, after in pairwise(values))


# As objects


def test_a_measure_is_written_read_and_compared_in_one_way():
    rmse, diversity, ssim = figures.RMSE, figures.DIVERSITY, figures.SSIM
    assert (rmse.written(54.36), ssim.written(0.2571), rmse.written(None)) == ("54.4", "0.257", "–")
    assert [m.heading for m in (rmse, diversity, ssim)] == ["RMSE ↓", "diversity → 1", "SSIM ↑"]
    assert rmse.badness(3) < rmse.badness(4) and ssim.badness(0.9) < ssim.badness(0.8)
    assert diversity.badness(1.1) == pytest.approx(diversity.badness(0.9))
    assert figures.CYCLE_ERROR.read_of("F").startswith("|G(F(y)) − y|")


def test_every_common_figure_can_be_read():
    listed = (*figures.AGAINST_TRUTH, *figures.WITHOUT_TRUTH)
    assert len(figures.named(listed)) == len(listed)
    for one in listed:
        assert one.reads.endswith(".") and one.label and one.needs


def test_a_mean_over_items_a_pool_and_a_missing_need():
    made, truth = noise(3, 8, 8, 3), noise(3, 8, 8, 3, seed=1)
    arrays = {"made": made, "truth": truth, "original": made, "back": None}
    expected = np.mean([figures.rmse(a, b) for a, b in zip(made, truth, strict=True)])
    assert figures.RMSE.measure(arrays) == expected
    assert figures.CYCLE_ERROR.measure(arrays) is None
    pooled = figures.Figure("n", "n", needs=("made",), of=lambda made: made.size, over="any")
    assert pooled.measure(arrays) == made.size
