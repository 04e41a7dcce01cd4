"""Looking closer: the difference map, the scores laid over a picture, and the disturbances."""

import numpy as np
import pytest
from PIL import Image
from tiny import noise

from cyclegan.inference import closer


def flat(*colour: int, size: tuple[int, int] = (16, 12)) -> Image.Image:
    return Image.new("RGB", size, colour)


def landscape() -> Image.Image:
    """Smooth slopes and one hard edge, as in a photograph."""
    down, right = np.mgrid[0:64, 0:64]
    hills = 120 + 60 * np.sin(right / 9) * np.cos(down / 7)
    planes = [np.where(right > 40, hills + shift, hills) for shift in (40, -30, 0)]
    return Image.fromarray(np.stack(planes, -1).clip(0, 255).astype(np.uint8))


def patches(values: np.ndarray, picture: Image.Image) -> closer.PatchScores:
    """Scores of patches that share a picture evenly."""
    down, right = (
        (np.arange(count) + 0.5) * side / count
        for count, side in zip(values.shape, (picture.height, picture.width), strict=True)
    )
    return closer.PatchScores(values, down, right)


def changed(a: Image.Image, b: Image.Image) -> float:
    return float(np.abs(np.asarray(a, float) - np.asarray(b, float)).mean())


def test_difference_map_by_hand():
    a = Image.fromarray(np.array([[[10, 20, 30], [0, 255, 100]]], np.uint8))
    b = Image.fromarray(np.array([[[10, 25, 20], [255, 0, 163]]], np.uint8))
    expected = [[[0, 20, 40], [255, 255, 252]]]
    assert np.asarray(closer.difference_map(a, b)).tolist() == expected
    assert np.asarray(closer.difference_map(b, a)).tolist() == expected


def test_difference_map_of_equal_pictures_is_black():
    picture = noise(9, 5)
    made = closer.difference_map(picture, picture)
    assert made.mode == "RGB" and made.size == (9, 5)
    assert not np.asarray(made).any()


def test_overlay_is_clear_at_1_and_dark_at_0():
    picture = noise(48, 32)
    clear = closer.score_overlay(picture, patches(np.ones((2, 3)), picture))
    dark = closer.score_overlay(picture, patches(np.zeros((2, 3)), picture))
    half = closer.score_overlay(picture, patches(np.full((2, 3), 0.5), picture))
    assert np.array_equal(np.asarray(clear), np.asarray(picture))
    assert np.asarray(dark).max() < 64
    means = [np.asarray(p).mean() for p in (dark, half, clear)]
    assert means[1] == pytest.approx((means[0] + means[2]) / 2, abs=2)


def test_overlay_darkens_the_patches_that_were_seen_through():
    """Scores are (down, right): the first row is the top, the first column the left."""
    picture = flat(200, 200, 200, size=(90, 60))
    scores = patches(np.array([[1, 1, 0], [1, 1, 1]]), picture)
    shaded = np.asarray(closer.score_overlay(picture, scores))
    assert shaded[5, 85].max() < 64
    for y, x in ((5, 5), (55, 5), (55, 85)):
        assert shaded[y, x].min() > 190


def test_a_score_lies_where_its_patch_is_and_the_way_to_the_next_has_no_step():
    """Two patches far left: half way between them is half the score, right of them nothing new."""
    scores = closer.PatchScores(np.array([[0.0, 1.0]]), np.array([30.0]), np.array([10.0, 30.0]))
    seen = scores.spread(120, 60)
    assert seen.shape == (60, 120) and (seen == seen[0]).all()
    assert seen[0, :10].max() < 0.05 and seen[0, 30:].min() > 0.95
    assert seen[0, 19:21].mean() == pytest.approx(0.5)
    assert np.abs(np.diff(seen[0])).max() <= 1 / 20 + 1e-9
    shaded = np.asarray(closer.score_overlay(flat(200, 200, 200, size=(120, 60)), scores), int)
    assert np.abs(np.diff(shaded[..., 0], axis=1)).max() < 12 and shaded.max() == 200


def test_scores_beyond_0_and_1_are_as_those():
    picture = noise(16, 16)
    for far, near in ((7.0, 1.0), (-3.0, 0.0)):
        far, near = (
            closer.score_overlay(picture, patches(np.full((2, 2), v), picture)) for v in (far, near)
        )
        assert np.array_equal(np.asarray(far), np.asarray(near))


@pytest.mark.parametrize("sigma", [2, 10, 20])
def test_noise_has_the_sigma_asked_for(sigma):
    """Around mid-grey nothing is clipped; rounding to 8 bits adds a variance of 1/12."""
    grey = flat(128, 128, 128, size=(256, 256))
    added = np.asarray(closer.with_noise(grey, sigma), float) - 128
    assert added.std() == pytest.approx((sigma**2 + 1 / 12) ** 0.5, rel=0.01)
    assert abs(added.mean()) < 0.01 * sigma
    channels = np.corrcoef(added.reshape(-1, 3).T)
    assert abs(channels[~np.eye(3, dtype=bool)]).max() < 0.02


def test_noise_is_reproducible():
    picture = noise(20, 10)
    once, again = (np.asarray(closer.with_noise(picture, 10)) for _ in range(2))
    other = np.asarray(closer.with_noise(picture, 10, seed=1))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_no_noise_changes_nothing():
    picture = noise(20, 10)
    made = closer.with_noise(picture, 0)
    assert made.mode == "RGB" and np.array_equal(np.asarray(made), np.asarray(picture))


def test_noise_is_clipped_and_does_not_wrap_around():
    assert np.asarray(closer.with_noise(flat(255, 255, 255), 10)).min() > 180
    assert np.asarray(closer.with_noise(flat(0, 0, 0), 10)).max() < 75


def test_jpeg_changes_more_at_lower_quality():
    picture = landscape()
    changes = [changed(picture, closer.with_jpeg(picture, quality)) for quality in (95, 50, 25, 5)]
    assert 0 < changes[0] < 3
    assert changes == sorted(changes)
    assert changes[-1] > 2 * changes[0]


def test_jpeg_gives_an_rgb_picture_of_the_same_size():
    made = closer.with_jpeg(noise(17, 5), 50.0)
    assert type(made) is Image.Image and made.mode == "RGB" and made.size == (17, 5)


@pytest.mark.parametrize("side", [1, 3, 5])
def test_a_blur_is_the_mean_around(side):
    picture, edge = noise(9, 7), side // 2
    around = np.pad(np.asarray(picture, float), ((edge, edge), (edge, edge), (0, 0)), "edge")
    shifts = [(i, j) for i in range(side) for j in range(side)]
    expected = np.mean([around[i : i + 7, j : j + 9] for i, j in shifts], axis=0)
    assert np.abs(np.asarray(closer.with_blur(picture, side), float) - expected).max() <= 1


@pytest.mark.parametrize("kind", closer.STRENGTHS)
def test_a_stronger_probe_changes_more(kind):
    picture = landscape()
    changes = [changed(picture, by.disturb(picture)) for by in closer.Probe(kind).growing()]
    assert changes == sorted(changes) and changes[-1] > 2 * changes[1]


def test_the_finest_part_is_where_the_dots_are():
    """Dots of one pixel in a corner of a smooth picture; no larger part than there is."""
    picture = Image.linear_gradient("L").resize((90, 70)).convert("RGB")
    for x in range(60, 80, 2):
        for y in range(45, 65, 2):
            picture.putpixel((x, y), (0, 0, 0))
    part = closer.finest(picture, 32)
    assert part.size == (32, 32)
    dots = (np.asarray(part).max(axis=2) == 0).sum()
    assert dots == 100, "all of them"
    assert closer.finest(picture, 500).tobytes() == picture.tobytes()


def test_every_disturbance_changes_a_picture_and_keeps_its_size():
    picture = landscape()
    for name, probe in closer.DISTURBANCES.items():
        made = probe.disturb(picture)
        assert made.size == picture.size and made.mode == "RGB", name
        assert 0.2 < changed(picture, made) < 20, name
    noisy = np.asarray(
        closer.DISTURBANCES["noise"].disturb(flat(128, 128, 128, size=(64, 64))), float
    )
    assert noisy.std() == pytest.approx(10, rel=0.05)
