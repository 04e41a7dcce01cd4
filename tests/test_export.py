"""Exported networks: what the files compute at any size, and that they come whole or not at all."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import tifffile
import torch
from PIL import Image
from tiny import batch, config, noise
from torch import Tensor, nn
from variants import FULL, GAN, JUDGES, write

from cyclegan.core import images
from cyclegan.core.config import Channels, Config, Generator, Range, Ranges
from cyclegan.core.networks import layers
from cyclegan.inference.translator import Translator
from cyclegan.labs.export import check, command, convert, graphs, writing
from cyclegan.labs.export.parts import ExportError, Part, parts_of
from cyclegan.methods.cycada import Objective as CyCADA
from cyclegan.methods.pix2pix import Objective as Paired
from cyclegan.store import catalogue, checkpoints

GOLDEN = Path(__file__).parent / "golden" / "latest_net_G_A.pth"
UNIT = 2 / 255
BUNDLED = "drawing/gan-cycle"


def export(capsys, model: Path | str, folder: Path, *more: str) -> tuple[int, str, str]:
    code = command.main([str(model), "--onnx", str(folder), *more])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def refusal(capsys, *argv) -> str:
    code, out, err = export(capsys, *argv)
    assert (code, out) == (2, "")
    assert err.startswith("export: ") and err.count("\n") == 1
    return err


def run(path: Path, given: Tensor) -> Tensor:
    """By onnxruntime, or by the program of PyTorch."""
    if path.suffix == ".pt2":
        return torch.export.load(path).module()(given)
    session = onnxruntime.InferenceSession(path)
    (name,) = (one.name for one in session.get_inputs())
    return torch.from_numpy(session.run(None, {name: given.numpy()})[0])


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def files(*roles: str) -> set[str]:
    return {"README.md", *(f"{role}{kind}" for role in roles for kind in (".onnx", ".pt2"))}


def tiny(kind: Generator, side: int = 32, **more) -> Config:
    c = config(GAN, data="made up")
    return replace(c, generator=kind, image_size=side, **more)


# What the files compute


COURSE = Generator(kind="course", width=2)
FIVE = {
    "ResNet": (tiny(Generator(width=2, blocks=1)), ("D_Y",)),
    "the book's U-Net": (tiny(Generator(kind="unet", width=2, norm="layer")), ()),
    "the authors' U-Net": (GOLDEN.with_name("unet128_net_G.pth"), ()),
    "foreign": (GOLDEN, ()),
    "another method": (replace(config(Paired(), data="made up"), generator=COURSE), JUDGES),
}


@pytest.mark.parametrize("case", FIVE)
def test_five_models_compute_the_same_everywhere(case, tmp_path, capsys):
    """In both formats, in sizes and batches that none was exported with."""
    settings, judges = FIVE[case]
    model = settings if isinstance(settings, Path) else tmp_path / "model"
    if isinstance(settings, Config):
        write(model, settings, judges)
    code, out, err = export(capsys, model, tmp_path / "out")
    assert code == 0
    paired = case == "another method"
    assert ("Left out: D_X and D_Y. What is written" in err) == paired
    shown = ("G", "F") if isinstance(settings, Config) else ("G",)
    roles = (*shown, *(() if paired else judges))
    assert names(tmp_path / "out") == files(*roles)
    told = dict(re.findall(r"^(\S+): .* float32, at most (\S+)/255", out, re.M))
    assert told.keys() == names(tmp_path / "out") - {"README.md"}
    assert all(float(found) <= 1 for found in told.values())
    translator = Translator(catalogue.load_one(str(model)))
    for shape in ((1, 45, 70), (3, 33, 9)):
        x = batch(shape[0], 80)[..., : shape[1], : shape[2]]
        for role, direction in zip(shown, ("xy", "yx"), strict=False):
            wanted = translator.passes(x, direction, ("made",))["made"]
            for kind in (".onnx", ".pt2"):
                made = run(tmp_path / "out" / f"{role}{kind}", x)
                assert made.shape == x.shape and (made - wanted).abs().max() < UNIT / 10
        for role in roles[2:] if min(shape[1:]) > 32 else ():
            for kind in (".onnx", ".pt2"):
                made = run(tmp_path / "out" / f"{role}{kind}", x)
                assert torch.allclose(made, translator.model[role](x), atol=1e-3)


def test_what_takes_more_than_a_picture_or_names_one_is_left_out_and_told(tmp_path, capsys):
    """Of CyCADA F alone is written: G is told a z, E finds one, and f_S and f_T name pictures."""
    objective = CyCADA(classes=3, latent=2)
    write(tmp_path / "model", replace(config(objective, data="made up"), channels=Channels(1, 3)))
    code, _, err = export(capsys, tmp_path / "model", tmp_path / "out")
    assert code == 0 and names(tmp_path / "out") == files("F")
    assert "Left out: G, E, f_S and f_T. What is written makes a picture of one picture" in err


@pytest.mark.parametrize(
    "kind",
    [
        Generator(width=2, blocks=1, norm="instance-layer", upsampling="bilinear", padding="zeros"),
        Generator(width=2, blocks=1, norm="batch", upsampling="resize", downsampling="antialiased"),
    ],
    ids=lambda kind: kind.norm,
)
def test_other_layers_of_a_resnet_are_converted(kind, tmp_path):
    model = write(tmp_path / "model", tiny(kind))
    paths = tmp_path / "G.onnx", tmp_path / "G.pt2"
    convert.write(Part("G", model.G, "x", "fake_y", "x", 3, 3), *paths, torch.float32)
    for x in (batch(1, 21), batch(2, 140)[..., :2]):
        wanted = images.crop(model.G(images.pad(x, 4, 8)), *x.shape[2:]).detach()
        for path in paths:
            assert (run(path, x) - wanted).abs().max() < UNIT / 10


def test_float16_is_inside_alone(tmp_path, capsys):
    code, out, _ = export(capsys, GOLDEN, tmp_path / "out", "--float16")
    found = float(re.search(r"^G\.onnx: .* float16, at most (\S+)/255", out, re.M)[1])
    assert code == 0 and 0.01 < found < 5
    graph = onnx.load(tmp_path / "out" / "G.onnx").graph
    kinds = {w.name: w.data_type for w in graph.initializer if len(w.dims) == 4}
    assert set(kinds.values()) == {onnx.TensorProto.FLOAT16}
    ends = {one.type.tensor_type.elem_type for one in (*graph.input, *graph.output)}
    assert ends == {onnx.TensorProto.FLOAT}
    assert "every layer's result is rounded" in (tmp_path / "out" / "README.md").read_text()


def test_rounding_by_layers_is_what_float16_computes():
    """PyTorch's own float16 is too slow for large networks. What a norm has kept stays float32."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3), layers.BatchNorm(8), nn.Tanh(), nn.Conv2d(8, 1, 3))
    network[1].running_var.fill_(1e5)  # More than float16 knows.
    part = Part("D", network.eval(), "x", "scores", "x", 3, 1, True, 8)
    x = batch(2, 12)
    with torch.no_grad():
        wanted, rounded = graphs.graph_of(part, torch.float16)(x), graphs.rounded(part, torch.half)
        assert torch.allclose(rounded(x), wanted, atol=2e-3)
        assert not torch.equal(rounded(x), network(x))


# The card


@pytest.fixture(scope="module")
def bundled(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "out"
    assert command.main([BUNDLED, "--onnx", str(folder)]) == 0
    return folder


def snippet(folder: Path, language: str) -> str:
    card = (folder / "README.md").read_text(encoding="utf-8")
    return card.partition(f"```{language}\n")[2].partition("```")[0]


def test_a_bundled_models_card(bundled):
    card = (bundled / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlicense: mit\n") and f"# {BUNDLED} as ONNX" in card
    assert "in the order RGB" in card and "0 to 255 are black to white" in card
    assert "licence of the data: MIT" in card and "multiple of 4 pixels" in card
    assert card.count("`x` (batch, 3, height, width) | `fake_y` (batch, 3, height, width)") == 2
    assert card.count("`y` (batch, 3, height, width) | `fake_x` (batch, 3, height, width)") == 2


def translated(model: str) -> np.ndarray:
    made = Translator(catalogue.load_one(model)).translate(noise(21, 34))
    return np.asarray(made.translation).astype(int)


def test_the_cards_python_does_what_it_says(bundled, monkeypatch):
    monkeypatch.chdir(bundled)
    noise(21, 34).save("picture.png")
    exec(compile(snippet(bundled, "python"), "README.md", "exec"), {})
    found = np.asarray(Image.open("translation.png")).astype(int)
    for path in ("picture.png", "translation.png"):
        Path(path).unlink()
    assert found.shape == (34, 21, 3) and abs(found - translated(BUNDLED)).max() <= 1


def test_the_cards_javascript_does_what_it_says(bundled, tmp_path):
    """With a package that lies in NODE_PATH, or among npm's global ones."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("No node and npm on this machine.")
    shared = subprocess.run(["npm", "root", "--global"], capture_output=True, text=True).stdout
    places = [*os.environ.get("NODE_PATH", "").split(os.pathsep), shared.strip()]
    packages = ("onnxruntime-web", "onnxruntime-node")
    found = [(p, n) for p in filter(None, places) for n in packages if (Path(p) / n).is_dir()]
    if not found:
        pytest.skip("No onnxruntime-web here: npm install --global onnxruntime-web")
    (place, package), picture = found[0], noise(21, 34)
    (tmp_path / "node_modules").symlink_to(place)
    shutil.copy(bundled / "G.onnx", tmp_path)
    (tmp_path / "card.mjs").write_text(snippet(bundled, "js").replace("onnxruntime-web", package))
    given = {"data": list(picture.convert("RGBA").tobytes()), "width": 21, "height": 34}
    (tmp_path / "run.mjs").write_text(
        'import { translate } from "./card.mjs";\n'
        f"const made = await translate({json.dumps(given)});\n"
        "console.log(JSON.stringify(Array.from(made.data)));\nprocess.exit(0);\n"
    )
    ran = subprocess.run(["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    made = np.array(json.loads(ran.stdout)).reshape(34, 21, 4)
    assert (made[..., 3] == 255).all()
    assert abs(made[..., :3] - translated(BUNDLED)).max() <= 1


def test_deep_pictures_of_other_bands(tmp_path, monkeypatch):
    """Grey in 12 bits to four bands: the card has their range, and its example keeps it."""
    ranges = Ranges(Range(0, 4095, "uint16"), Range(0, 4095, "uint16"))
    settings = tiny(Generator(width=2, blocks=1), channels=Channels(1, 4), ranges=ranges)
    model = write(tmp_path / "model", settings)
    parts, _ = parts_of(Translator(checkpoints.load(tmp_path / "model")))
    writing.write(tmp_path / "out", "scans", checkpoints.load(tmp_path / "model"), parts[:1], False)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "0 to 4,095 are black to white" in card and "4 channels" in card
    monkeypatch.chdir(tmp_path / "out")
    values = np.random.default_rng(0).integers(0, 4096, (20, 33), np.uint16)
    tifffile.imwrite("picture.tif", values)
    exec(compile(snippet(tmp_path / "out", "python"), "README.md", "exec"), {})
    made = tifffile.imread("translation.tif")
    unit = torch.from_numpy(values / 4095 * 2 - 1).float()[None, None]
    wanted = images.crop(model.G(images.pad(unit, 4, 8)), 20, 33)[0].permute(1, 2, 0)
    assert made.dtype == np.uint16 and made.shape == (20, 33, 4)
    assert abs(made - ((wanted + 1) / 2 * 4095).detach().numpy()).max() < 2


# What is refused, and what is left behind


@pytest.fixture
def model(tmp_path) -> Path:
    write(tmp_path / "model", FULL)
    return tmp_path / "model"


def test_a_folder_with_anything_else_in_it(model, tmp_path, capsys):
    for name, words in (("notes.txt", "holds notes.txt, which no"), ("a.onnx", "no card in it")):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).touch()
        assert words in refusal(capsys, model, folder) and names(folder) == {name}
    (tmp_path / "file").touch()
    assert "is a file; name a folder" in refusal(capsys, model, tmp_path / "file")


def test_a_failure_leaves_the_former_export(tmp_path, capsys, monkeypatch):
    """And what a kill has left is cleared away by the next call."""

    def written(part: Part, *paths) -> None:
        for path in paths[:2]:
            path.touch()

    monkeypatch.setattr(convert, "write", written)
    for name in ("in_onnxruntime", "in_torch_export"):
        monkeypatch.setattr(check, name, lambda *_: None)
    monkeypatch.setattr(check, "difference", lambda *_: 1.0)
    (tmp_path / ".out.fresh").mkdir()
    (tmp_path / ".out.fresh" / "G.onnx").touch()
    assert export(capsys, GOLDEN, tmp_path / "out")[0] == 0
    assert names(tmp_path) == {"out"}
    card = (tmp_path / "out" / "README.md").read_bytes()
    (tmp_path / "out" / "F.onnx").touch()
    monkeypatch.setattr(check, "difference", lambda *_: 1.5)
    code, out, err = export(capsys, GOLDEN, tmp_path / "out")
    assert (code, out) == (2, "")
    assert "G.onnx differs from PyTorch by 1.5/255, more than the 1/255" in err
    assert names(tmp_path) == {"out"} and (tmp_path / "out" / "README.md").read_bytes() == card
    monkeypatch.setattr(check, "difference", lambda *_: 0.0)
    assert export(capsys, GOLDEN, tmp_path / "out")[0] == 0
    assert names(tmp_path / "out") == files("G")


def test_packages_that_are_missing(model, tmp_path, capsys, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if "onnxs" in name else find(name)
    )
    assert "pip install onnxscript" in refusal(capsys, model, tmp_path / "out")


def test_models_that_are_none_or_of_no_pictures(tmp_path, capsys, toys):
    assert "gone is no model" in refusal(capsys, "gone", tmp_path / "out")
    write(tmp_path / "tones", toys.recipe.config)
    words = "translates samples of a signal, and this command pictures."
    assert words in refusal(capsys, tmp_path / "tones", tmp_path / "out")
    assert names(tmp_path) == {"tones"}
    assert checkpoints.is_checkpoint(tmp_path / "tones")


class Bessel(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.special.bessel_j0(x)


class Counting(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * int(x.abs().sum().numpy())


@pytest.mark.parametrize(("layer", "form"), [(Bessel(), "ONNX"), (Counting(), "torch.export")])
def test_a_layer_that_cannot_be_converted_is_named(layer, form, tmp_path):
    network = nn.Sequential(nn.Conv2d(3, 3, 1), layer, nn.Tanh())
    part = Part("D", network, "x", "scores", "x", 3, 3, True, 8)
    with pytest.raises(ExportError) as error:
        convert.write(part, tmp_path / "D.onnx", tmp_path / "D.pt2", torch.float32)
    name = type(layer).__name__
    assert str(error.value) == f"D cannot be written for {form}: the layer 1 ({name}) fails."
