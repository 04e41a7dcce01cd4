"""The endpoint /translate through gradio_client, as the README shows it."""

import pytest
from gradio_client import Client, handle_file
from PIL import Image

from app import build
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


def test_only_translate_is_public(client):
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/translate"]


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
