"""Translator: pictures in, pictures out, the same as the bare networks make, in both directions."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import batch, config, noise
from torch import Tensor, nn
from variants import FULL, JUDGES, write

from cyclegan.core import figures
from cyclegan.core.config import Config, Discriminator, Generator
from cyclegan.core.networks.course import CourseDiscriminator
from cyclegan.core.networks.patches import Patch4, PatchGAN
from cyclegan.inference import strips
from cyclegan.inference import translator as inference
from cyclegan.inference.translator import Translation, Translator
from cyclegan.methods.cyclegan import Objective
from cyclegan.store import checkpoints

UNET = Config(
    generator=Generator(kind="unet", width=2), discriminator=Discriminator(width=2), image_size=32
)


def opened(folder: Path, settings: Config | Objective = FULL, judges=JUDGES) -> Translator:
    write(folder, settings, judges)
    return Translator(checkpoints.load(folder))


@pytest.fixture(scope="module")
def translator(tmp_path_factory) -> Translator:
    return opened(tmp_path_factory.mktemp("variant"))


def to_float(picture: Image.Image | np.ndarray) -> Tensor:
    """(1, 3, H, W) in [-1, 1], by its own formula."""
    return torch.tensor(np.asarray(picture) / 127.5 - 1).permute(2, 0, 1)[None].float()


def to_levels(made: Tensor) -> np.ndarray:
    """(H, W, 3) in [0, 255], not rounded."""
    return (made[0].detach().permute(1, 2, 0).numpy() + 1) * 127.5


def assert_rounded(picture: Image.Image, expected: Tensor) -> None:
    """The picture is `expected` in 8 bits: off by half a grey level at most."""
    levels = to_levels(expected)
    assert picture.mode == "RGB" and np.asarray(picture).shape == levels.shape
    assert levels.std() > 10  # A grey picture would agree with many others.
    assert np.abs(np.asarray(picture) - levels).max() < 0.501


def pictures_of(made: Translation) -> tuple[Image.Image, ...]:
    return made.original, made.translation, made.reconstruction, made.identity


def assert_same(a: Translation, b: Translation) -> None:
    """Equal but for sums in another order, which may move a rounding by one grey level."""
    for one, other in zip(pictures_of(a), pictures_of(b), strict=True):
        assert one.size == other.size
        assert np.abs(np.asarray(one, int) - np.asarray(other, int)).max() <= 1
    assert a.cycle_error == pytest.approx(b.cycle_error, abs=0.1)


# The bare networks


def test_passes_are_those_of_the_bare_networks(translator):
    x = batch(3, 28)
    G, F = translator.model.G, translator.model.F
    made = translator.passes(x)
    assert torch.allclose(made["made"], G(x), atol=1e-5)
    assert torch.allclose(made["back"], F(G(x)), atol=1e-5)
    assert torch.allclose(made["same"], F(x), atol=1e-5)
    assert (G(x) - F(x)).abs().max() > 0.1  # or else a mistaken network would pass.


def test_direction_yx_swaps_the_roles(translator):
    y = batch(2, 24)
    G, F = translator.model.G, translator.model.F
    made = translator.passes(y, "yx")
    assert torch.allclose(made["made"], F(y), atol=1e-5)
    assert torch.allclose(made["back"], G(F(y)), atol=1e-5)
    assert torch.allclose(made["same"], G(y), atol=1e-5)


@pytest.mark.parametrize("direction", ["xy", "yx"])
def test_pictures_are_those_of_the_bare_networks(direction, translator):
    picture = noise(44, 32)
    there, back = translator.model.G, translator.model.F
    if direction == "yx":
        there, back = back, there
    made = translator.translate(picture, direction)
    x = to_float(picture)
    assert np.array_equal(np.asarray(made.original), np.asarray(picture))
    assert_rounded(made.translation, there(x))
    assert_rounded(made.reconstruction, back(there(x)))
    assert_rounded(made.identity, back(x))


def test_xy_is_the_default(translator):
    picture = noise(24, 24)
    assert_same(translator.translate(picture), translator.translate(picture, "xy"))
    with pytest.raises(AssertionError):
        assert_same(translator.translate(picture), translator.translate(picture, "yx"))


@pytest.mark.parametrize("direction", ["XY", "", None, "yx "])
def test_an_unknown_direction_is_a_sentence(direction, translator):
    picture = noise(24, 24)
    for call in (translator.translate, translator.reconstruct, translator.patch_scores):
        with pytest.raises(ValueError, match=r"^direction is .*; valid are xy and yx\.$"):
            call(picture, direction)
    with pytest.raises(ValueError, match=r"valid are xy and yx\.$"):
        translator.passes(batch(1), direction)


# Sizes


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (5, 7), (63, 130), (130, 63), (64, 4)])
def test_any_size_is_kept(size, translator):
    made = translator.translate(noise(*size))
    assert [picture.size for picture in pictures_of(made)] == [size] * 4
    assert [picture.mode for picture in pictures_of(made)] == ["RGB"] * 4


@pytest.mark.parametrize("size", [(62, 30), (21, 33), (5, 7)])
def test_other_sizes_are_mirrored_and_cropped_back(size, translator):
    """NumPy's reflection to the right and below, through the bare network."""
    picture = noise(*size)
    width, height = (max(8, -(-side // 4) * 4) for side in size)
    margins = [(0, height - size[1]), (0, width - size[0]), (0, 0)]
    mirrored = np.pad(np.asarray(picture), margins, mode="reflect")
    expected = translator.model.G(to_float(mirrored))[..., : size[1], : size[0]]
    assert_rounded(translator.translate(picture).translation, expected)


@pytest.mark.parametrize(("size", "padded"), [((64, 32), (64, 32)), ((20, 50), (32, 64))])
def test_unet(size, padded, tmp_path):
    """Sizes go up to multiples of 16, at least 32."""
    translator = opened(tmp_path, UNET)
    picture = noise(*size)
    margins = [(0, padded[1] - size[1]), (0, padded[0] - size[0]), (0, 0)]
    x = to_float(np.pad(np.asarray(picture), margins, mode="reflect"))
    G, F = translator.model.G, translator.model.F
    made = translator.translate(picture)
    assert_rounded(made.translation, G(x)[..., : size[1], : size[0]])
    assert_rounded(made.identity, F(x)[..., : size[1], : size[0]])
    assert made.reconstruction.size == size


def test_unet_on_a_single_pixel(tmp_path):
    made = opened(tmp_path, UNET).translate(noise(1, 1), "yx")
    assert [picture.size for picture in pictures_of(made)] == [(1, 1)] * 4


@pytest.mark.parametrize(
    ("size", "reduced"),
    [((64, 16), (64, 16)), ((128, 32), (64, 16)), ((50, 200), (16, 64)), ((640, 1), (64, 1))],
)
def test_a_large_picture_is_reduced_in_proportion(size, reduced, translator):
    made = translator.translate(noise(*size), longest_side=64)
    assert [picture.size for picture in pictures_of(made)] == [reduced] * 4


def test_the_longest_side_by_default(translator):
    made = translator.translate(noise(1024, 16))
    assert inference.LONGEST_SIDE == 512
    assert made.translation.size == (512, 8)


# Large pictures


def test_a_large_picture_goes_by_strips_to_the_same_result(translator, monkeypatch):
    """All fields, at a size that the generators do not take, in both directions."""
    run, seen = strips.run, []
    monkeypatch.setattr(strips, "run", lambda *args: seen.append(args[1].shape) or run(*args))
    picture = noise(90, 130)
    for direction in ("xy", "yx"):
        whole = translator.translate(picture, direction)
        assert not seen
        with monkeypatch.context() as patch:
            patch.setattr(inference, "LONGEST_SIDE", 64)
            large = translator.translate(picture, direction, longest_side=512)
        assert seen == [(1, 3, 132, 92)] * 3
        assert_same(large, whole)
        assert large.identity_error == pytest.approx(whole.identity_error, abs=0.1)
        seen.clear()


def test_pictures_up_to_the_longest_side_are_translated_whole(translator, monkeypatch):
    monkeypatch.setattr(strips, "run", None)
    assert translator.translate(noise(512, 16), longest_side=4096).translation.width == 512
    with pytest.raises(TypeError):
        translator.translate(noise(513, 16), longest_side=4096)


def test_the_second_half_of_the_cycle_alone_goes_by_strips(translator, monkeypatch):
    picture = noise(90, 130)
    whole = translator.reconstruct(picture)
    monkeypatch.setattr(inference, "LONGEST_SIDE", 64)
    large = translator.reconstruct(picture)
    assert np.abs(np.asarray(whole, int) - np.asarray(large, int)).max() <= 1


@pytest.mark.parametrize("size", [(64, 48), (600, 8)])
def test_progress_grows_to_one(size, translator):
    seen = []
    translator.translate(noise(*size), "xy", 600, seen.append)
    assert seen == sorted(seen) and seen[-1] == 1
    assert len(seen) == 1 if max(size) <= 512 else {1 / 3, 2 / 3} < set(seen)


@pytest.mark.parametrize("side", [0, -1, 4097])
def test_a_longest_side_out_of_range_is_a_sentence(side, translator):
    with pytest.raises(ValueError, match=rf"^longest_side is {side}; valid are 1 to 4096\.$"):
        translator.translate(noise(24, 24), longest_side=side)


# Errors and the second half of the cycle


@pytest.mark.parametrize("direction", ["xy", "yx"])
def test_errors_are_those_of_the_pictures(direction, translator):
    made = translator.translate(noise(30, 26), direction)
    original, _, reconstruction, identity = (np.asarray(p) for p in pictures_of(made))
    assert made.cycle_error == figures.l1(reconstruction, original)
    assert made.identity_error == figures.l1(identity, original)
    assert made.cycle_error == pytest.approx(np.abs(reconstruction - original.astype(float)).mean())
    assert made.cycle_error != made.identity_error


def test_errors_of_a_reduced_picture_are_against_what_the_networks_saw(translator):
    made = translator.translate(noise(96, 64), longest_side=32)
    assert made.cycle_error == figures.l1(
        np.asarray(made.reconstruction), np.asarray(made.original)
    )


@pytest.mark.parametrize("direction", ["xy", "yx"])
def test_reconstruct_is_the_second_half_of_the_cycle(direction, translator):
    """It starts from 8 bits, and so is F of the rounded translation, not of the translation."""
    made = translator.translate(noise(40, 24), direction)
    back = translator.model.F if direction == "xy" else translator.model.G
    again = translator.reconstruct(made.translation, direction)
    assert_rounded(again, back(to_float(made.translation)))
    difference = np.abs(np.asarray(again, float) - np.asarray(made.reconstruction, float))
    assert difference.mean() < 3 < np.asarray(again).std()


def test_reconstruct_keeps_any_size(translator):
    for size in ((1, 1), (5, 7), (63, 30)):
        assert translator.reconstruct(noise(*size)).size == size


# Patch scores


@pytest.mark.parametrize(("kind", "tile"), [("patchgan", 64), ("patch4", 64), ("course", 64)])
@pytest.mark.parametrize("size", [(64, 64), (160, 96)])
def test_patch_scores_are_the_discriminators_in_the_middle_of_a_tile(kind, tile, size, tmp_path):
    """Each is what D gives it in a tile of the training's size that has it in its middle half, or
    at the picture's own edge; they lie on one even grid, without a seam."""
    c = replace(config(), discriminator=Discriminator(kind, width=2), image_size=tile)
    translator = opened(tmp_path, c)
    picture = noise(*size)
    for direction, judge in (("xy", translator.model.D_Y), ("yx", translator.model.D_X)):
        scores = translator.patch_scores(picture, direction)
        assert scores.values.shape == (len(scores.down), len(scores.right))
        for middles in (scores.down, scores.right):
            assert len(set(np.diff(middles))) <= 1
        (first, stride), half = (judge.first, judge.stride), tile // 2
        for i, y in enumerate(scores.down):
            for j, x in enumerate(scores.right):
                corner = [
                    min(max(0, int(at - half / 2) // half * half), side - tile)
                    for at, side in ((x, size[0]), (y, size[1]))
                ]
                box = (*corner, corner[0] + tile, corner[1] + tile)
                alone = judge(to_float(picture.crop(box)))[0, 0].detach().numpy()
                place = [
                    (at - edge - first) // stride for at, edge in zip((x, y), corner, strict=True)
                ]
                assert scores.values[i, j] == pytest.approx(alone[place[1], place[0]], abs=1e-5)


@pytest.mark.parametrize(
    "network", [PatchGAN(2), Patch4(2), CourseDiscriminator(2)], ids=lambda n: type(n).__name__
)
def test_a_patchs_middle_is_that_of_all_that_moves_its_score(network):
    """The receptive field by gradients, without the norms, which see the whole picture."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.InstanceNorm2d):
                setattr(module, name, nn.Identity())
    picture = torch.rand(1, 3, 256, 256, requires_grad=True)
    scores = network(picture)[0, 0]
    n = len(scores) // 2
    scores[n, n + 1].backward()
    moved = picture.grad.abs().sum((0, 1))
    for axis, number in ((1, n), (0, n + 1)):
        at = moved.sum(axis).nonzero()
        middle = (at.min() + at.max() + 1).item() / 2
        assert middle == network.first + network.stride * number


def test_patch_scores_of_a_log_objective_are_probabilities(tmp_path):
    translator = opened(tmp_path, replace(config(Objective(adversarial="log")), image_size=32))
    logits = translator.model.D_Y(to_float(noise(32, 32)))[0, 0].numpy()
    scores = translator.patch_scores(noise(32, 32)).values
    assert np.allclose(scores, 1 / (1 + np.exp(-logits)), atol=1e-5)


@pytest.mark.parametrize("kind", ["patchgan", "patch4"])
@pytest.mark.parametrize("size", [(1, 1), (20, 31), (65, 130)])
def test_patch_scores_cover_the_picture_and_not_its_mirrored_margin(kind, size, tmp_path):
    """From the first middle that D has to the last that lies in the picture, where there is one."""
    c = replace(config(), discriminator=Discriminator(kind, width=2), image_size=32)
    translator = opened(tmp_path, c)
    judge, scores = translator.model.D_Y, translator.patch_scores(noise(*size))
    for middles, side in ((scores.down, size[1]), (scores.right, size[0])):
        assert middles[0] == judge.first
        assert len(middles) == 1 or middles[-1] <= side
        assert side - middles[-1] < judge.first + judge.stride


def test_patch_scores_without_a_discriminator_are_a_sentence(tmp_path):
    translator = opened(tmp_path / "none", judges=())
    assert translator.judge("xy") is None
    with pytest.raises(ValueError, match=r"GAN \+ cycle \+ identity ships no discriminator\.$"):
        translator.patch_scores(noise(32, 32))
    one = opened(tmp_path / "one", judges=("D_Y",))
    assert one.patch_scores(noise(24, 24)).values.shape == (1, 1)
    with pytest.raises(ValueError, match="ships no discriminator"):
        one.patch_scores(noise(32, 32), "yx")


# Threads and gradients


def test_eight_threads_at_once_get_what_one_gets(translator):
    asked = [
        (noise(24 + 4 * i, 40 - 3 * i, seed=i), direction)
        for i in range(8)
        for direction in ("xy", "yx")
    ]
    alone = [translator.translate(*one) for one in asked]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: translator.translate(*one), asked))
    for a, b in zip(alone, together, strict=True):
        assert_same(a, b)


def test_no_graph_is_built(tmp_path):
    """Not even where weights ask for gradients, and in no thread."""
    translator = opened(tmp_path)
    translator.model.requires_grad_(True)
    recorded = []
    for network in translator.model.children():
        network.register_forward_hook(lambda _, __, out: recorded.append(out.requires_grad))

    def use() -> None:
        picture = noise(32, 32)
        made = translator.passes(batch(1))
        assert all(tensor.grad_fn is None for tensor in made.values())
        translator.translate(picture)
        translator.reconstruct(picture)
        translator.patch_scores(picture)

    use()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(use).result()
    assert len(recorded) == 2 * 8 and not any(recorded)
    assert torch.is_grad_enabled() and translator.model.G(batch(1)).requires_grad


def test_translating_changes_no_network(translator):
    before = {name: value.clone() for name, value in translator.model.state_dict().items()}
    translator.translate(noise(24, 24))
    assert not translator.model.training
    assert all(torch.equal(v, before[n]) for n, v in translator.model.state_dict().items())
    assert isinstance(translator.model, nn.Module) and translator.device == torch.device("cpu")
