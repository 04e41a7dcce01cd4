"""Pictures changed by chance: each change by hand, and its gradient."""

import pytest
import torch
from tiny import batch

from cyclegan.core import augmentation
from cyclegan.core.augmentation import AUGMENTATIONS

SIZE = 32


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(count: int, seed: int = 0) -> torch.Tensor:
    """The first numbers of a generator, as each change takes them."""
    return torch.rand(count, 1, 1, 1, generator=chance(seed))


def test_colours_by_hand():
    """Zhao et al. 2020: x + (u − ½); grey + 2u (x − grey); mean + (u + ½) (x − mean)."""
    x, u = batch(5, SIZE), drawn(5)
    grey = (x[:, :1] + x[:, 1:2] + x[:, 2:]) / 3
    mean = x.flatten(1).mean(1)[:, None, None, None]
    for found, wanted in (
        (augmentation.brightness(x, chance()), x + (u - 0.5)),
        (augmentation.saturation(x, chance()), grey + 2 * u * (x - grey)),
        (augmentation.contrast(x, chance()), mean + (u + 0.5) * (x - mean)),
    ):
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


def moved(picture: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """(C, H, W) looked at from another place; what was outside is 0."""
    found = torch.zeros_like(picture)
    for row in range(picture.shape[1]):
        for column in range(picture.shape[2]):
            i, j = row + down, column + right
            if 0 <= i < picture.shape[1] and 0 <= j < picture.shape[2]:
                found[:, row, column] = picture[:, i, j]
    return found


def test_a_translation_moves_by_whole_pixels_up_to_an_eighth():
    x = batch(40, 16)
    found = augmentation.translation(x, chance())
    moves = []
    for before, after in zip(x, found, strict=True):
        (move,) = (
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if torch.equal(moved(before, down, right), after)
        )
        moves.append(move)
    assert {down for down, _ in moves} == {right for _, right in moves} == {-2, -1, 0, 1, 2}


def test_a_hole_is_a_square_of_half_a_side():
    x = torch.ones(60, 3, 16, 16)
    found = augmentation.cutout(x, chance())
    assert set(found.unique().tolist()) == {0.0, 1.0}
    heights, widths = set(), set()
    for hole in found[:, 0] == 0:
        rows, columns = hole.any(1), hole.any(0)
        assert torch.equal(hole, rows[:, None] & columns)
        heights.add(int(rows.sum()))
        widths.add(int(columns.sum()))
    # Its middle lies anywhere in the picture, so that near an edge a part of it is outside.
    assert max(heights) == max(widths) == 8
    assert min(heights) == min(widths) == 4


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_same_numbers_change_a_picture_in_the_same_way(name):
    change, x = AUGMENTATIONS[name], batch(4, SIZE)
    assert torch.equal(change(x, chance(3)), change(x, chance(3)))
    alike = change(x[:1].expand(4, -1, -1, -1), chance(3))
    assert alike.shape == x.shape
    if name != "none":
        assert not torch.equal(change(x, chance(3)), change(x, chance(4)))
        assert not torch.equal(alike[0], alike[1])


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_gradient_goes_through(name):
    x = batch(4, SIZE).mul(0.3).requires_grad_()
    AUGMENTATIONS[name](x, chance()).square().sum().backward()
    assert all(gradient.abs().sum() > 0 for gradient in x.grad)


def test_the_gradient_of_a_hole_and_a_move_is_what_is_left_of_the_picture():
    x = torch.ones(6, 3, 16, 16, requires_grad=True)
    found = augmentation.cutout(augmentation.translation(x, chance()), chance(1))
    found.sum().backward()
    assert torch.equal(x.grad.sum((1, 2, 3)), found.detach().sum((1, 2, 3)))
    assert set(x.grad.unique().tolist()) == {0.0, 1.0}


def test_the_courses_way_turns_mirrors_and_leaves_no_edge():
    """A picture of one colour keeps one colour: what comes in at an edge is picture."""
    plain = torch.full((30, 3, SIZE, SIZE), 0.25)
    found = augmentation.as_in_the_course(plain, chance())
    flat = found.flatten(2)
    torch.testing.assert_close(flat, flat[:, :, :1].expand_as(flat), rtol=0, atol=1e-5)

    x = torch.full((200, 3, SIZE, SIZE), -0.5)
    x[..., : SIZE // 2] = 0.5
    found = augmentation.as_in_the_course(x, chance())
    assert found.min() >= -1 and found.max() <= 1
    left, right = found[..., : SIZE // 2].mean((1, 2, 3)), found[..., SIZE // 2 :].mean((1, 2, 3))
    assert 70 < int((left > right).sum()) < 130, "half of them are mirrored"
    above, below = found[..., 2, :].mean((1, 2)), found[..., -3, :].mean((1, 2))
    assert (above - below).abs().max() > 0.02, "some are turned"
