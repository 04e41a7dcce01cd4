"""The endpoints through gradio_client, as the README shows them."""

from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from app import build
from cyclegan import lessons
from cyclegan.core import sound
from cyclegan.core.sound.medium import VOICE
from cyclegan.core.sound.world import PITCH, analyse
from cyclegan.page.demo import launch_options
from cyclegan.store import checkpoints


@pytest.fixture(scope="module")
def client():
    demo = build([checkpoints.BUNDLED])
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(demo))
    yield Client(address, verbose=False)
    demo.close()


def test_translate_returns_three_pictures_and_errors(client, tmp_path):
    Image.radial_gradient("L").resize((70, 50)).save(tmp_path / "x.png")
    *pictures, errors = client.predict(
        image=handle_file(tmp_path / "x.png"),
        variant="satellite2map/gan-cycle-identity",
        direction="xy",
        api_name="/translate",
    )
    for path in pictures:
        with Image.open(path) as picture:
            assert picture.size == (70, 50) and picture.format == "PNG"
    assert set(errors) == {"cycle_error", "identity_error"}
    assert 0 < errors["cycle_error"] < 255


def test_a_recording_comes_back_as_three(client, tmp_path):
    """In the other voice, which is lower, and back."""
    example = lessons.find("voices").examples()[0]
    (tmp_path / "x.flac").write_bytes(VOICE.written(VOICE.held(example.x)))
    *sounds, errors = client.predict(
        audio=handle_file(tmp_path / "x.flac"),
        variant="voices/gan-cycle-identity",
        direction="xy",
        api_name="/translate_sound",
    )
    assert [Path(path).name for path in sounds] == [
        *("translation.flac", "reconstruction.flac", "identity.flac")
    ]
    clips = [sound.load(path, 20.0).clip for path in (tmp_path / "x.flac", *sounds)]
    given, made, back, _ = (_pitch(clip) for clip in clips)
    assert made < 0.75 * given and back == pytest.approx(given, rel=0.1)
    assert max(clip.seconds for clip in clips) - min(clip.seconds for clip in clips[1:]) < 1.0
    assert set(errors) == {"cycle_error", "identity_error"}
    assert 0 < errors["cycle_error"] < 20


def _pitch(clip: sound.Clip) -> float:
    """Its median, in hertz."""
    pitch = analyse(clip)[PITCH]
    return float(np.exp(np.median(pitch[pitch > 0])))


def test_what_is_no_sound_is_answered_with_a_sentence(client, tmp_path):
    (tmp_path / "x.wav").write_bytes(b"no sound")
    Image.new("RGB", (32, 32)).save(tmp_path / "x.png")
    for name, variant, words in (
        ("x.wav", "voices/gan-identity", "The file is no sound"),
        ("x.png", "voices/gan-identity", "The file is no sound"),
        ("x.png", "drawing/gan", "valid are voices/gan-cycle-identity"),
    ):
        with pytest.raises(Exception, match=words):
            client.predict(handle_file(tmp_path / name), variant, "xy", api_name="/translate_sound")


def test_nothing_else_is_public(client):
    known = list(client.view_api(return_format="dict")["named_endpoints"])
    assert known == ["/translate", "/translate_sound"]


@pytest.mark.parametrize(
    ("variant", "direction", "words"),
    [
        ("satellite2map/none", "xy", "gan-cycle-identity"),
        ("satellite2map/gan", "up", "valid are xy and yx"),
    ],
)
def test_wrong_words_are_answered_with_the_valid_ones(client, tmp_path, variant, direction, words):
    Image.new("RGB", (32, 32)).save(tmp_path / "x.png")
    with pytest.raises(Exception, match=words):
        client.predict(handle_file(tmp_path / "x.png"), variant, direction, api_name="/translate")


def test_a_bad_file_is_answered_with_a_sentence(client, tmp_path):
    (tmp_path / "x.png").write_bytes(b"no picture")
    with pytest.raises(Exception, match="not a picture"):
        client.predict(
            handle_file(tmp_path / "x.png"), "satellite2map/gan", "xy", api_name="/translate"
        )
