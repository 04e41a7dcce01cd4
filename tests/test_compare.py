"""From a visitor's request to rows, close-ups and the probe's curve."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import config, noise
from variants import FULL, GAN, GAN_CYCLE, GAN_IDENTITY, JUDGES, write

from cyclegan import lessons
from cyclegan.core import figures, pictures
from cyclegan.core.config import Change, Channels
from cyclegan.core.media import PICTURES
from cyclegan.inference.closer import BLUR, DISTURBANCES, JPEG, NOISE, Probe
from cyclegan.inference.translator import LONGEST_SIDE
from cyclegan.methods import pix2pix
from cyclegan.methods.cyclegan import Objective
from cyclegan.page.compare import (
    Request,
    hiding_place,
    look_closer,
    needs_networks,
    translate,
)
from cyclegan.page.library import Library
from cyclegan.store.catalogue import Model, Source
from cyclegan.store.checkpoints import BUNDLED

CYCLE, IDENTITY = "cycle loss", "identity loss"
WITHOUT = frozenset({CYCLE})


@pytest.fixture
def library(tmp_path):
    write(tmp_path / "set" / "full", FULL, JUDGES, seed=1)
    write(tmp_path / "set" / "gan-identity", GAN_IDENTITY, seed=2)
    write(tmp_path / "set" / "gan", GAN, seed=3)
    (tmp_path / "set" / "examples").mkdir()
    for side in "xy":
        noise(32, 32, seed=ord(side)).save(tmp_path / "set" / "examples" / f"1-here-{side}.png")
    return Library([tmp_path / "set"])


def request(library, **changes):
    title = next(iter(library.sets))
    return Request(**{"title": title, "direction": "xy", "without": WITHOUT} | changes)


def equal(a, b):
    return np.array_equal(np.asarray(a), np.asarray(b))


def test_an_example_gives_a_row_a_switch_and_its_truth(library):
    shown = translate(library, request(library, example=0))
    example = next(iter(library.sets.values())).examples[0]
    assert [row.variant.name for row in shown.rows] == ["GAN + cycle + identity", "GAN + identity"]
    x, y = (PICTURES.held(side) for side in (example.x, example.y))
    assert all(equal(row.made.original, x) for row in shown.rows)
    assert equal(shown.truth, y) and shown.note == ""
    for row in shown.rows:
        assert row.scores["rmse"] == figures.rmse(np.asarray(row.made.translation), np.asarray(y))
    back = translate(library, request(library, example=0, direction="yx"))
    assert equal(back.rows[0].made.original, y) and equal(back.truth, x)


@pytest.mark.parametrize("direction", ["xy", "yx"])
def test_a_figure_may_need_the_original(direction, tmp_path, monkeypatch):
    """As an evaluation hands it over: it in its own channels, the others in the target's."""
    given = {}

    class Shaded(lessons.Lesson):
        own = (
            figures.Figure(
                *("shade", "shade"),
                needs=("original", "made", "truth"),
                of=lambda **arrays: given.update(arrays) or 7.0,
                is_quick=True,
            ),
        )

    monkeypatch.setattr(lessons, "find", lambda name: Shaded())
    write(tmp_path / "set" / "cycle", replace(config(GAN_CYCLE), channels=Channels(1, 3)))
    (tmp_path / "set" / "examples").mkdir()
    for side, grey in (("x", 40), ("y", 90)):
        picture = Image.new("RGB", (24, 24), (grey,) * 3)
        picture.save(tmp_path / "set" / "examples" / f"1-here-{side}.png")
    library = Library([tmp_path / "set"])
    (row, *_) = translate(library, request(library, example=0, direction=direction)).rows
    assert row.scores["shade"] == 7
    x, y = np.full((24, 24, 1), 40), np.full((24, 24, 3), 90)
    original, truth = (x, y) if direction == "xy" else (y, x)
    assert np.array_equal(given["original"], original) and np.array_equal(given["truth"], truth)
    assert given["made"].shape == truth.shape


@pytest.mark.parametrize("direction", ["xy", "yx"])
def test_examples_are_judged_by_one_discriminator_of_their_target(library, direction, tmp_path):
    """Of the variant that ships it; a visitor's own picture is not asked about at once."""
    noise(24, 24, 2).save(tmp_path / "x.png")
    shown = translate(library, request(library, example=0, direction=direction))
    judge = library.translator(Source((tmp_path / "set" / "full",)))
    for row in shown.rows:
        seen = (row.made.translation, shown.truth)
        means = [judge.patch_scores(picture, direction).mean for picture in seen]
        assert row.judged == pytest.approx(means)
    assert shown.rows[0].judged[0] != shown.rows[1].judged[0]
    own = translate(library, request(library, path=str(tmp_path / "x.png"), direction=direction))
    assert [row.judged for row in own.rows] == [None, None]


def test_the_lower_row_is_what_was_asked_for_or_empty(library):
    both = translate(library, request(library, example=0, without=frozenset({CYCLE, IDENTITY})))
    assert [row.variant.name for row in both.rows] == ["GAN + cycle + identity", "GAN"]
    assert both.without == (CYCLE, IDENTITY) and both.rows[1].is_open
    missing = translate(library, request(library, example=0, without=frozenset({IDENTITY})))
    assert missing.rows[1].variant is None and missing.rows[1].name == "without identity loss"


def test_a_set_without_a_cycle_variant_says_so(tmp_path):
    write(tmp_path / "alone" / "gan", GAN)
    noise(24, 24).save(tmp_path / "x.png")
    library = Library([tmp_path / "alone"])
    without = next(iter(library.sets.values())).without
    asked = request(library, path=str(tmp_path / "x.png"), without=without)
    shown = translate(library, asked)
    assert [(row.side, row.made is None) for row in shown.rows] == [(True, True), (False, False)]
    close = look_closer(library, asked, Probe())
    assert [one.row.side for one in close.found] == [False] and close.found[0].scored is None
    assert [one.row.title for one in close.found] == ["Without cycle loss and identity loss"]


def test_a_large_picture_is_reduced_and_the_note_says_so(library, tmp_path):
    Image.new("RGB", (LONGEST_SIDE + 40, 48), "teal").save(tmp_path / "x.png")
    shown = translate(library, request(library, path=str(tmp_path / "x.png")))
    assert shown.rows[0].made.original.width == LONGEST_SIDE and shown.truth is None
    assert f"{LONGEST_SIDE + 40}×48" in shown.note and str(LONGEST_SIDE) in shown.note


def test_an_unfair_comparison_is_said_to_be_one(tmp_path):
    for seed in (0, 1):
        c = config(FULL if seed else GAN, seed=seed)
        write(tmp_path / "set" / str(seed), c)
    noise(24, 24).save(tmp_path / "x.png")
    library = Library([tmp_path / "set"])
    shown = translate(library, request(library, path=str(tmp_path / "x.png")))
    assert "differ in more than their objective" in shown.note


def test_an_upload_that_was_cleared_away_is_a_sentence(library, tmp_path):
    with pytest.raises(pictures.ImageError, match="choose it once more"):
        translate(library, request(library, path=str(tmp_path / "gone.png")))


def test_an_example_that_is_remembered_needs_no_networks(library, tmp_path):
    noise(24, 24).save(tmp_path / "x.png")
    asked, own = request(library, example=0), request(library, path=str(tmp_path / "x.png"))
    assert needs_networks(library, asked)
    translate(library, request(library, example=0, without=frozenset()))
    assert needs_networks(library, asked), "one of two rows is missing"
    translate(library, asked)
    assert not needs_networks(library, asked)
    assert needs_networks(library, request(library, example=0, direction="yx"))
    assert needs_networks(library, own)
    translate(library, own)
    assert not needs_networks(library, own)
    noise(24, 24, seed=1).save(tmp_path / "x.png")
    assert needs_networks(library, own), "another picture under the same name"


def test_a_bad_picture_is_a_sentence(library, tmp_path):
    (tmp_path / "x.png").write_bytes(b"none")
    with pytest.raises(pictures.ImageError, match="Your file is not a picture"):
        translate(library, request(library, path=str(tmp_path / "x.png")))


@pytest.mark.parametrize("probe", [Probe(NOISE, 20), Probe(JPEG, 10), Probe(BLUR, 5)])
def test_close_ups_disturb_the_translation_and_measure_what_comes_back(library, probe):
    asked = request(library, example=0)
    close = look_closer(library, asked, probe)
    assert close.judge == "GAN + cycle + identity" and close.role == "D_Y"
    for one, row in zip(close.found, translate(library, asked).rows, strict=True):
        made = row.made
        assert one.scored is not None and one.truth_score is not None
        assert not equal(one.disturbed, made.translation)
        assert equal(one.difference, 0 * np.asarray(made.original)) == (made.cycle_error == 0)
        x, recovered = np.asarray(made.original), np.asarray(one.recovered)
        assert one.recovered_error == figures.l1(recovered, x)
        strengths = [at for at, _ in one.points]
        assert len(set(strengths)) == len(strengths) >= 5
        if probe.kind == NOISE:
            at_zero = dict(one.points)[0]
            assert at_zero == pytest.approx(made.cycle_error, abs=1.0)


def test_a_message_is_the_share_of_x_that_comes_back(library, monkeypatch):
    """Of the way from another picture to x, from G(x) and from what a disturbance leaves of it."""
    set_ = library.sets[next(iter(library.sets))]
    asked = request(library, example=0)
    assert [one.message for one in look_closer(library, asked, Probe()).found] == [None, None]
    monkeypatch.setitem(set_.__dict__, "apart", {"xy": 80.0, "yx": 80.0})
    for one in look_closer(library, asked, Probe()).found:
        read, made = one.message, one.row.made
        assert read.what == "" and read.bare is None and read.real is None
        assert read.whole.share == pytest.approx(1 - made.cycle_error / 80)
        translator = library.translator(one.row.variant.source)
        assert list(read.after) == list(DISTURBANCES)
        for name, found in read.after.items():
            form = DISTURBANCES[name].disturb(made.translation)
            back = translator.reconstruct(form, "xy")
            x = np.asarray(made.original)
            assert found.share == pytest.approx(1 - figures.l1(np.asarray(back), x) / 80)
            assert found.changed == figures.l1(np.asarray(form), np.asarray(made.translation))
        assert read.after[read.least].share == min(r.share for r in read.after.values())


def test_what_a_lesson_knows_to_be_hidden_is_measured_by_its_figure():
    """The bundled drawings: colours through black and white, by hand; more than from a drawing by
    somebody who hides nothing, and more with this example than with any other."""
    library = Library([BUNDLED / "satellite2map", BUNDLED / "drawing"])
    place = hiding_place(library, "satellite2map")
    assert place.title == "drawing" and hiding_place(library, "drawing") == place
    set_ = library.sets["drawing"]
    example = set_.examples[place.example]
    assert (place.direction, example.name) == ("yx", set_.lesson.hidden.example)
    with_it, without = (one.message for one in look_closer(library, place, Probe()).found)
    y, inside = np.asarray(with_it.original).astype(int), example.known_y["silhouette"].astype(bool)
    grey = np.asarray(with_it.original.convert("L")).astype(int)[..., None]

    def share(picture):
        off = np.abs(np.asarray(picture).astype(int) - y)[inside].sum()
        return 1 - off / np.abs(grey - y)[inside].sum()

    for read in (with_it, without):
        for found in (read.whole, read.bare, read.real, *read.after.values()):
            assert found.share == pytest.approx(share(found.picture))
    assert with_it.whole.share > 0.5 and max(with_it.real.share, without.whole.share) < 0.05
    assert with_it.bare.share > 0.5
    network = library.translator(set_.whole.source)
    others = [network.translate(PICTURES.held(e.y), "yx").reconstruction for e in set_.examples]
    named = {f.key: f for f in set_.lesson.figures}[set_.lesson.hidden.figure]
    shares = {
        e.name: named.measure(
            {
                "original": np.asarray(PICTURES.held(e.y))[None],
                "back": np.asarray(back)[None],
                "original_silhouette": e.known_y["silhouette"][None],
            }
        )
        for e, back in zip(set_.examples, others, strict=True)
    }
    known = {name: value for name, value in shares.items() if value is not None}
    assert max(known, key=known.get) == example.name


def test_no_noise_leaves_the_picture_alone():
    picture = noise(16, 16)
    assert equal(Probe(NOISE, 0).disturb(picture), picture)
    assert not equal(Probe(JPEG, 5).disturb(picture), picture)


def test_one_generator_shows_its_translation_alone(tmp_path):
    library = Library([])
    path = Path(__file__).parent / "golden" / "latest_net_G_A.pth"
    title = library.add(Model("alone", (Source((path,)),), tmp_path))
    noise(40, 40).save(tmp_path / "own.png")
    set_ = library.sets[title]
    assert set_.switches == () and len(set_.names) == 1, "nobody knows its objective"
    wanted = Request(title, "xy", names=set_.names, path=str(tmp_path / "own.png"))
    shown = translate(library, wanted)
    (first,) = shown.rows
    assert first.title == "As published" and first.subtitle == set_.variants[0].name
    assert "no partner trained without the cycle loss" in shown.note
    assert first.made.translation.size == (40, 40)
    assert first.made.reconstruction is None and first.made.cycle_error is None
    assert "one direction" in shown.note
    assert look_closer(library, wanted, Probe()).found == ()


def test_variants_without_switches_are_rows_and_judged_by_nobody(tmp_path):
    """A discriminator of pairs sees x beside what it judges."""
    for objective in (pix2pix.Objective(), pix2pix.Objective(gan=0.0)):
        judges = JUDGES if objective.gan else ()
        write(tmp_path / "set" / objective.slug, objective, judges)
    noise(40, 40).save(tmp_path / "own.png")
    library = Library([tmp_path / "set"])
    ((title, set_),) = library.sets.items()
    wanted = Request(title, "xy", names=set_.names, path=str(tmp_path / "own.png"))
    shown = translate(library, wanted)
    assert [row.title for row in shown.rows] == list(set_.names) and len(set_.names) == 2
    assert all(row.subtitle == "" and row.made for row in shown.rows)
    close = look_closer(library, wanted, Probe())
    assert close.judge == "" and [one.score for one in close.found] == [None, None]


def test_items_that_are_no_pictures_are_compared_as_well(toys, tmp_path):
    """Signals, with a latent and no way back."""
    write(tmp_path / "set" / "one", toys.recipe.config)
    library = Library([tmp_path / "set"])
    ((title, set_),) = library.sets.items()
    assert set_.directions == ("xy",)
    asked = Request(title, "xy", names=set_.names, example=0)
    shown, example = translate(library, asked), set_.examples[0]
    (row,) = shown.rows
    assert torch.equal(row.made.original, example.x) and torch.equal(shown.truth, example.y)
    assert [view.formula for view in shown.views] == ["x", "M(x, z)"]
    assert set(row.scores) == {"sign_error", "periods_kept"}, "of the truth, and of the original"
    assert 0 <= row.scores["sign_error"] <= 1
    assert not needs_networks(library, asked)
    assert look_closer(library, asked, Probe()).found == ()


def test_a_schedule_is_a_note_and_says_whose_it_is_unless_all_have_it(tmp_path):
    ends = {"schedule": (Change("identity", 0.0, 300, 300),)}
    scheduled = Objective(cycle_forward=0, cycle_backward=0, **ends)
    noise(24, 24).save(tmp_path / "x.png")
    notes = []
    for name, full in (("a", FULL), ("b", Objective(**ends))):
        write(tmp_path / name / "full", full)
        write(tmp_path / name / "other", scheduled)
        library = Library([tmp_path / name])
        notes.append(translate(library, request(library, path=str(tmp_path / "x.png"))).note)
    words = "The weight of identity is 0 from step 301 on."
    assert notes == [f"GAN + identity: {words}", words]
