"""KID and FID: closed forms of Gaussians, few pictures, where weights come from, who says so."""

import hashlib
import json
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hub_server import serve
from huggingface_hub import constants
from test_evaluation import brighter, nothing, pairs, with_generators
from test_train import arguments, run, sentences, signals
from tiny import config, dataset, pictures, same
from torch import Tensor, nn
from variants import FULL, write

from cyclegan.core import images
from cyclegan.core.config import ConfigError
from cyclegan.core.media import Medium
from cyclegan.inference import command, distributions, evaluation, feature_network
from cyclegan.inference.feature_network import FeatureNetwork
from cyclegan.labs.publishing.pushing import without_place
from cyclegan.lessons import DataError
from cyclegan.store import checkpoints
from cyclegan.store.checkpoints import CheckpointError
from cyclegan.training import compared
from cyclegan.training.runs import read_log

__all__ = ["signals"]


def randomly(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# Gaussians, of which everything is known


D = 8


def gaussian(seed: int) -> tuple[Tensor, Tensor]:
    """Mean and covariance."""
    random = randomly(seed)
    root = torch.randn(D, D, dtype=torch.float64, generator=random) / D**0.5
    mean = torch.randn(D, dtype=torch.float64, generator=random)
    return mean, root @ root.T + 0.2 * torch.eye(D, dtype=torch.float64)


def drawn(of: tuple[Tensor, Tensor], count: int, seed: int) -> Tensor:
    mean, covariance = of
    z = torch.randn(count, D, dtype=torch.float64, generator=randomly(seed))
    return (mean + z @ torch.linalg.cholesky(covariance).T).float()


def expected_kernel(p: tuple[Tensor, Tensor], q: tuple[Tensor, Tensor]) -> float:
    """E[(x·y / d + 1)³] of independent x ~ p and y ~ q: by their first three raw moments, as
    E[(x·y)ⁿ] is the inner product of the n-th ones (Isserlis 1918 for the third)."""

    def moments(mean: Tensor, covariance: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        second = covariance + torch.outer(mean, mean)
        third = torch.einsum("i,j,k->ijk", mean, mean, mean)
        for order in ("i,jk->ijk", "j,ik->ijk", "k,ij->ijk"):
            third = third + torch.einsum(order, mean, covariance)
        return mean, second, third

    first, second, third = ((a * b).sum() for a, b in zip(moments(*p), moments(*q), strict=True))
    return float(1 + 3 * first / D + 3 * second / D**2 + third / D**3)


def closed_kid(p: tuple[Tensor, Tensor], q: tuple[Tensor, Tensor]) -> float:
    return expected_kernel(p, p) + expected_kernel(q, q) - 2 * expected_kernel(p, q)


def closed_fid(p: tuple[Tensor, Tensor], q: tuple[Tensor, Tensor]) -> float:
    """The root of Σ T by Σ's own, which is symmetric: another way than the library's."""
    values, vectors = torch.linalg.eigh(p[1])
    root = vectors @ values.sqrt().diag() @ vectors.T
    both = torch.linalg.eigvalsh(root @ q[1] @ root).sqrt().sum()
    return float((p[0] - q[0]).square().sum() + p[1].trace() + q[1].trace() - 2 * both)


@pytest.mark.parametrize(("a", "b"), [(0, 1), (2, 3), (4, 4)])
def test_kid_of_gaussians_is_the_closed_form_within_its_spread(a, b):
    p, q = gaussian(a), gaussian(b)
    found = distributions.compare(drawn(p, 1500, 10), drawn(q, 1200, 11))
    assert found.subset == 600 and found.kid_spread > 0
    assert abs(found.kid - closed_kid(p, q)) < 2 * found.kid_spread
    if a != b:
        assert closed_kid(p, q) > 10 * found.kid_spread, "a spread that says something"
        assert found.fid == pytest.approx(closed_fid(p, q), rel=0.05)


def test_the_spread_is_how_far_kid_is_off():
    """Of many draws: as wide as their own standard deviation, which nobody knows of one draw."""
    p, q = gaussian(0), gaussian(1)
    found = [
        distributions.compare(drawn(p, 100, 2 * i), drawn(q, 100, 2 * i + 1), with_fid=False)
        for i in range(60)
    ]
    kids = np.array([one.kid for one in found])
    assert kids.mean() == pytest.approx(closed_kid(p, q), abs=3 * kids.std() / 60**0.5)
    assert np.mean([one.kid_spread for one in found]) == pytest.approx(kids.std(), rel=0.3)


def test_fid_of_few_is_biased_and_kid_is_not():
    p = gaussian(5)
    few = [distributions.compare(drawn(p, 20, i), drawn(p, 20, 100 + i)) for i in range(20)]
    many = distributions.compare(drawn(p, 1000, 7), drawn(p, 1000, 8))
    kids = np.array([one.kid for one in few])
    assert abs(kids.mean()) < 3 * kids.std() / 20**0.5
    assert min(one.fid for one in few) > 10 * abs(many.fid)


def test_what_is_the_same_is_near_nothing():
    """KID goes a little below: a picture and itself are left out within a side, but may meet
    across, once in n pairs."""
    one, n = drawn(gaussian(0), 60, 0), 60
    found = distributions.compare(one, one)
    kernel = (one @ one.T / D + 1) ** 3
    itself = kernel.diag().mean()
    others = (kernel.sum() - kernel.diag().sum()) / (n * (n - 1))
    below = 2 / n * float(others - itself)
    assert below < 0
    assert found.kid == pytest.approx(below, abs=4 * found.kid_spread / 100**0.5)
    assert found.fid == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("made", "real", "subset"),
    [(2, 2, 2), (3, 5000, 2), (10, 10, 5), (60, 90, 30), (9999, 4000, 1000)],
)
def test_subsets_are_half_of_the_fewer(made, real, subset):
    assert distributions.subset_size(made, real) == subset


def test_ten_are_enough_to_compare():
    found = distributions.compare(drawn(gaussian(0), 10, 0), drawn(gaussian(1), 10, 1))
    assert found.subset == 5 and np.isfinite([found.kid, found.kid_spread, found.fid]).all()


def test_small_sets_are_warned_of_by_number():
    def said(made: int, real: int) -> str:
        return distributions.said(distributions.Distribution(0.1, 0.01, made, real, 30, 5.0))

    assert "FID from 60 pictures, fewer than its 2,048 features, is mostly bias" in said(60, 3000)
    assert "FID from 1,999 pictures" in said(2500, 1999)
    assert "bias" not in said(2048, 2048)
    assert "From 3 pictures a side neither tells anything." in said(3, 60)
    assert "299×299" in said(60, 60)


def test_nothing_else_sees_the_chance_in_it():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    a, b = (
        distributions.compare(drawn(gaussian(0), 40, 0), drawn(gaussian(1), 40, 1)) for _ in "ab"
    )
    assert a == b and torch.equal(before, torch.get_rng_state())


# The network


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Random ones in the library's own layout, which keep what goes through them about as large."""
    feature_extractor = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(torch, "load", lambda *_, **__: {})
        patched.setattr(nn.Module, "load_state_dict", lambda *_: None)
        network = feature_extractor.FeatureExtractorInceptionV3("any", ["2048"], "any")
    torch.manual_seed(0)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            nn.init.kaiming_normal_(parameter)
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(network.state_dict(), path)
    return path


@pytest.mark.filterwarnings("ignore:.*will save all extracted features")
def test_features_are_the_librarys(weights, monkeypatch):
    """The library's own way from pictures to KID; grey pictures go in three times over."""
    from torchmetrics.image.kid import KernelInceptionDistance

    torch.manual_seed(5)
    before = torch.get_rng_state()
    features = feature_network.load(str(weights), "cpu")
    assert torch.equal(before, torch.get_rng_state())
    grey = torch.stack(pictures(3, 32))[:, :1]
    found = features.of(grey)
    assert found.shape == (3, 2048) and found.std() > 0
    kid = KernelInceptionDistance(features.network, subsets=1, subset_size=3)
    kid.update(grey.expand(-1, 3, -1, -1), real=True)
    assert torch.allclose(kid.real_features[0], found, rtol=1e-4, atol=1e-5)
    assert "random.pth is not the published file" in features.note
    published = hashlib.sha256(weights.read_bytes()).hexdigest()
    monkeypatch.setattr(feature_network, "PUBLISHED", published)
    assert feature_network.load(str(weights), "cpu").note == ""


def test_a_file_of_the_hub(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with serve() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        server.add("user/metrics", {"inception.pth": weights.read_bytes(), "README.md": b"Hello."})
        found = feature_network.load("user/metrics:inception.pth", "cpu")
        here = feature_network.load(str(weights), "cpu")
        assert same(found.network.state_dict(), here.network.state_dict())
        sentence = refusal("user/metrics:other.pth")
        assert "has no other.pth; valid are user/metrics:inception.pth." in sentence
        sentence = refusal("user/nothing")
        assert "There is no model repo user/nothing on the Hub" in sentence


def refusal(name: str) -> str:
    """The sentences for weights that cannot be had; they end with where they can."""
    with pytest.raises(CheckpointError) as error:
        feature_network.load(name, "cpu")
    sentence = str(error.value)
    assert "\n" not in sentence and len(sentence) < 700
    return sentence


def written(folder: Path, values: object) -> str:
    torch.save(values, folder / "weights.pth")
    return str(folder / "weights.pth")


def test_weights_that_cannot_be_had(tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError("a download that nobody asked for")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", never)
    monkeypatch.setattr(
        "torch_fidelity.feature_extractor_inceptionv3.load_state_dict_from_url", never
    )
    sentence = refusal(str(tmp_path / "inception.pth"))
    assert f"There is no file {tmp_path / 'inception.pth'}." in sentence
    assert "github.com/toshas/torch-fidelity/releases" in sentence
    assert "weights.pth is empty" in refusal(empty(tmp_path))
    assert "is a folder" in refusal(str(tmp_path))


def empty(folder: Path) -> str:
    (folder / "weights.pth").write_bytes(b"")
    return str(folder / "weights.pth")


def test_weights_of_another_network(weights, tmp_path):
    known = torch.load(weights, weights_only=True)
    one = {"features.0.weight": torch.zeros(8, 3, 3, 3)}
    assert "weights.pth holds another network (1 weights, the first of them features.0.weight)" in (
        refusal(written(tmp_path, one))
    )
    without = {key: value for key, value in known.items() if key != "Mixed_7c.branch1x1.bn.bias"}
    assert "holds another network (565 weights" in refusal(written(tmp_path, without))
    # As torchvision's, with a thousand classes.
    other = known | {"fc.weight": torch.zeros(1000, 2048), "fc.bias": torch.zeros(1000)}
    assert "holds another network" in refusal(written(tmp_path, other))
    broken = known | {"fc.bias": torch.full((1008,), torch.nan)}
    assert "has weights that are no numbers" in refusal(written(tmp_path, broken))


def test_weights_that_would_run_code(tmp_path):
    assert "only plain tensors are read, for safety" in refusal(
        written(tmp_path, {"a": partial(print)})
    )


@pytest.mark.parametrize("missing", ["torchmetrics", "torch_fidelity"])
def test_packages_that_are_not_installed(missing, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConfigError, match='pip install "torchmetrics\\[image\\]"'):
        feature_network.load("weights.pth", "cpu")
    argv = ["--data", str(tmp_path / "nowhere"), "--features", "weights.pth"]
    (sentence,) = sentences(capsys, run(*argv))
    assert "not both installed here" in sentence


# Evaluation and training, by features that take no minute


class Means(nn.Module):
    """Mean and deviation of each channel, (N, 6)."""

    def forward(self, x: Tensor) -> Tensor:
        assert x.dtype == torch.uint8 and x.shape[1] == 3
        flat = x.float().flatten(2) / 255
        return torch.cat([flat.mean(2), flat.std(2)], 1)


def test_both_directions_are_held_against_the_other_side():
    """Y is brighter than X: G makes it so and is perfect, F does nothing and stays away."""
    x = pictures(40, 8)
    y = [(t.int() // 2 + 100).to(torch.uint8) for t in pictures(40, 8, seed=9)]

    def darker(t: Tensor) -> Tensor:
        return images.to_float((images.to_bytes(t).int() // 2 + 100).to(torch.uint8))

    data = pairs(x, y, paired=False)
    found = evaluation.estimate(
        with_generators(darker, nothing), data, features=FeatureNetwork(Means())
    )
    good, bad = found.distributions["G"], found.distributions["F"]
    assert abs(good.kid) < 3 * good.kid_spread and good.fid < 0.01
    assert bad.kid > 10 * bad.kid_spread and bad.fid > 0.02
    assert found.metrics["distributions"]["F"]["kid"] == bad.kid
    assert (
        "distributions" not in evaluation.estimate(with_generators(darker, nothing), data).metrics
    )


def test_real_pictures_are_looked_at_once():
    looked = []

    class Counted(Means):
        def forward(self, x: Tensor) -> Tensor:
            looked.append(len(x))
            return super().forward(x)

    data, features = pairs(pictures(3, 8), pictures(3, 8, seed=4)), FeatureNetwork(Counted())
    for levels in (1, 2, 3):
        evaluation.estimate(with_generators(brighter(levels), nothing), data, features=features)
    assert sum(looked) == (2 + 3 * 2) * 3


@pytest.mark.parametrize(
    ("channels", "kind"), [(1, torch.uint8), (4, torch.uint8), (2, torch.uint8), (3, torch.uint16)]
)
def test_pictures_of_other_kinds_are_taken_as_they_are_shown(channels, kind):
    kept = torch.full((2, channels, 8, 8), 100 if kind == torch.uint8 else 25700, dtype=torch.int32)
    found = FeatureNetwork(Means()).of(kept.to(kind))
    assert found[:, :3] == pytest.approx(torch.full((2, 3), 100 / 255)) and not found[:, 3:].any()


def test_what_is_no_picture_is_not_compared():
    class Numbers(Medium):
        pass

    data = pairs(pictures(3, 8), pictures(3, 8), medium=Numbers())
    with pytest.raises(DataError, match="these data are numbers"):
        distributions.check(data)
    with pytest.raises(DataError, match="at least two held-out pictures a side, and here is 1"):
        distributions.check(pairs(pictures(1, 8), pictures(3, 8)))
    with pytest.raises(DataError, match="one side has none"):
        distributions.check(pairs([], pictures(3, 8)))


@pytest.fixture
def means(monkeypatch) -> list[str]:
    """In place of InceptionV3; who was asked for."""
    asked = []

    def load(name: str, device: object) -> FeatureNetwork:
        asked.append(name)
        return FeatureNetwork(Means(), note="These are made up.")

    monkeypatch.setattr(feature_network, "load", load)
    return asked


def test_the_command_says_what_was_compared(means, tmp_path, capsys):
    data = dataset(tmp_path / "data", test=10)
    world = tmp_path / "world"
    write(world / "full", config(FULL, data=str(data)))
    assert command.main([str(world), "--features", "any.pth", "--save"]) == 0
    found = capsys.readouterr()
    assert means == ["any.pth"] and "These are made up." in found.err
    assert "| variant | | KID ↓ | FID ↓ |" in found.out
    assert "FID from 10 pictures" in found.out and "over 100 subsets of 5 a side" in found.out
    saved = json.loads((world / "full" / "metrics.json").read_text())
    assert (
        saved["distributions"]["G"].keys() == saved["distributions"]["F"].keys() >= {"kid", "fid"}
    )
    assert command.main([str(world)]) == 0
    assert "KID" not in capsys.readouterr().out


def test_a_training_measures_kid_at_each_save_and_both_at_its_end(
    means, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(compared, "AT_A_SAVE", 4)
    data, out = dataset(tmp_path / "data", test=6), tmp_path / "out"
    more = ["--save-every", "2", "--log-every", "1", "--keep-best", "kid", "--features", "any.pth"]
    assert run(*arguments(data, out, 5, *more)) == 0
    said = capsys.readouterr().out
    assert "These are made up." in said and "FID from 6 pictures" in said
    lines = {line["step"]: line for line in read_log(out)}
    for place in ("figures", "figures_F"):
        assert [s for s, line in lines.items() if "kid" in line.get(place, {})] == [2, 4, 5]
        assert [s for s, line in lines.items() if "fid" in line.get(place, {})] == [5]
        assert all("cycle_error" in lines[step][place] for step in (2, 4, 5))
    best = checkpoints.read_config(out / "best").facts["best"]
    kids = {step: lines[step]["figures"]["kid"] for step in (2, 4, 5)}
    assert best == {"figure": "kid", "value": min(kids.values()), "step": min(kids, key=kids.get)}
    # The last line is what the evaluation finds.
    assert command.main([str(out), "--features", "any.pth", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out).values()
    for network, place in (("G", "figures"), ("F", "figures_F")):
        assert found["distributions"][network]["kid"] == pytest.approx(
            lines[5][place]["kid"], abs=2e-3
        )


def test_a_run_goes_on_with_it_and_no_weight_is_another(means, tmp_path, monkeypatch):
    data = dataset(tmp_path / "data", test=4)
    plain, out = tmp_path / "plain", tmp_path / "out"
    run(*arguments(data, plain, 4, "--save-every", "2", "--decay", "0"))
    (tmp_path / "any.pth").touch()
    monkeypatch.chdir(tmp_path)
    more = ["--save-every", "2", "--decay", "0", "--features", "any.pth"]
    run(*arguments(data, out, 2, *more))
    monkeypatch.chdir(data)
    assert run("--resume", str(out), "--steps", "4") == 0
    assert means == [str(tmp_path / "any.pth")] * 2
    assert "fid" in read_log(out)[-1]["figures"]
    states = [torch.load(p / "training.pt", weights_only=True)["trainer"] for p in (plain, out)]
    assert same(*states)
    assert str(tmp_path) not in without_place(out).decode()
    assert run("--resume", str(out), "--steps", "6", "--features", "none") == 0
    assert len(means) == 2 and "kid" not in read_log(out)[-1]["figures"]


def test_what_cannot_be_compared_is_said_before_a_folder_is_claimed(means, tmp_path, capsys):
    out = tmp_path / "out"
    one = dataset(tmp_path / "one", test=1)
    (sentence,) = sentences(capsys, run(*arguments(one, out, 1, "--features", "any.pth")))
    assert "KID and FID need at least two held-out pictures a side" in sentence
    two = dataset(tmp_path / "two")
    (sentence,) = sentences(capsys, run(*arguments(two, out, 1, "--keep-best", "kid")))
    assert "The best can be kept by KID where --features says by which weights." in sentence
    assert not out.exists()
