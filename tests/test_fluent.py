"""The Fluent pictograms that ship: their roles, their alpha, and how they were made."""

import os
from pathlib import Path

import numpy as np
import pytest

from cyclegan.lessons.fluent import pack as packing
from cyclegan.lessons.fluent import sources
from cyclegan.lessons.fluent.read import SHEETS, load, on_white, silhouette

TARBALLS = os.environ.get("FLUENT_TARBALLS")
"""A folder with the three npm tarballs, for comparing the pack with a fresh drawing."""


def base(code: str) -> str:
    return code.split("-")[0]


def test_roles_share_no_base_code_point():
    pictograms = load()
    pairs = list(zip(pictograms.codes, pictograms.roles, strict=True))
    bases = {
        role: {base(code) for code, own in pairs if own == role} for role in ("x", "y", "test")
    }
    assert set(pictograms.roles) == set(bases)
    assert not bases["x"] & bases["y"] and not (bases["x"] | bases["y"]) & bases["test"]
    counts = [pictograms.roles.count(role) for role in ("x", "y", "test")]
    assert abs(counts[0] - counts[1]) < 10 and counts[2] == pytest.approx(sum(counts) / 6, abs=5)
    assert pictograms.roles[pictograms.codes.index("1f436")] == "test"


@pytest.mark.parametrize(("style", "limit"), packing.TWINS.items())
def test_no_two_roles_have_twins(style, limit):
    pictograms = load()
    roles = np.array(pictograms.roles)
    pixels = on_white(getattr(pictograms, style)[:, ::2, ::2]).astype(np.float32)
    pixels = pixels.reshape(len(roles), -1)
    square = (pixels**2).sum(axis=1)
    distance = np.sqrt(
        np.maximum(square[:, None] + square - 2 * pixels @ pixels.T, 0) / pixels.shape[1]
    )
    # Every fourth pixel measures to within a few per cent what the packing measured on all.
    assert distance[roles[:, None] != roles].min() > 0.85 * limit


@pytest.mark.parametrize("style", SHEETS)
def test_every_style_holds_every_pictogram_with_alpha(style):
    pictograms = load()
    tiles = getattr(pictograms, style)
    assert tiles.shape == (len(pictograms.codes), 64, 64, 4) and tiles.dtype == np.uint8
    assert len(set(pictograms.codes)) == len(pictograms.names) == len(pictograms.roles)
    assert silhouette(tiles).any(axis=(1, 2)).all(), "a glyph is missing"
    assert (tiles[..., 3] == 0).any(axis=(1, 2)).all(), "a picture has no ground"
    assert not tiles[tiles[..., 3] == 0].any()


def test_line_drawings_have_one_ink():
    line = load().line
    assert (line[line[..., 3] > 0][:, :3] == 0x11).all()


@pytest.mark.parametrize(
    ("pixel", "seen"),
    [
        ((10, 20, 30, 255), (10, 20, 30)),
        ((10, 20, 30, 0), (255, 255, 255)),
        ((10, 20, 30, 128), (132, 137, 142)),
        ((127, 128, 255, 1), (254, 255, 255)),
    ],
)
def test_on_white(pixel, seen):
    assert tuple(on_white(np.array(pixel, np.uint8))) == seen


def test_what_lies_under_alpha_0_colours_no_edge():
    picture = np.zeros((256, 256, 4), np.uint8)
    picture[:, :, 1] = 255
    picture[:, 2:] = (200, 0, 0, 255)
    assert (sources.reduce(picture)[:, 0] == (200, 0, 0, 128)).all()


def test_variants_and_twins_stay_together():
    codes = ["1f408", "1f408-200d-2b1b", "1f436", "1f63a", "1f680"]
    pictures = np.zeros((5, 64, 64, 4), np.uint8)
    pictures[..., 3] = 255
    pictures[1, ..., :3], pictures[2, ..., :3] = 120, 200
    pictures[4, ..., :3] = pictures[3, ..., :3] = 60
    pictures[4, ..., 0] += 10
    assert packing.families(codes, {"line": pictures, "flat": pictures}) == [[0, 1], [2], [3, 4]]


def test_deal_keeps_groups_whole_and_kinds_even():
    groups = [[3 * k, 3 * k + 1, 3 * k + 2] for k in range(40)]
    kinds = ["animal"] * 60 + ["food"] * 60
    roles = packing.deal(groups, kinds)
    assert all(len({roles[index] for index in group}) == 1 for group in groups)
    assert roles.count("test") == 18
    for part in (roles[:60], roles[60:]):
        assert abs(part.count("x") - part.count("y")) <= 3


def test_left_out():
    assert sources.is_pictogram("1f436") and sources.is_pictogram("1f408-200d-2b1b")
    assert not any(map(sources.is_pictogram, ("1f44b-1f3fd", "1f550", "1f4ce")))


@pytest.mark.skipif(not TARBALLS, reason="FLUENT_TARBALLS names no folder with the npm tarballs")
@pytest.mark.parametrize("code", ["1f436", "1f9a2", "1fa90"])
def test_the_pack_equals_a_fresh_drawing(code):
    pytest.importorskip("resvg_py")
    pictograms = load()
    drawn = sources.open_sources(Path(TARBALLS)).draw(code)
    for style in SHEETS:
        tile = getattr(pictograms, style)[pictograms.codes.index(code)]
        np.testing.assert_array_equal(tile, drawn[style])
