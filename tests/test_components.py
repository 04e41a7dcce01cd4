"""Components that read what comes from a browser in a way of their own, whatever became of them."""

from pathlib import Path

import gradio as gr
import pytest

from cyclegan.page import components
from cyclegan.page.components import open_choice, picture_input


def rebuilt(component):
    """As Gradio builds it for a visitor to whom an update was sent."""
    with gr.Blocks():
        return component.__class__(**{**component.constructor_args, "visible": False})


@pytest.mark.parametrize("kind", [gr.Dropdown, gr.Radio, gr.CheckboxGroup])
def test_a_choice_that_nobody_remembers_is_left_to_its_handler(kind):
    with gr.Blocks():
        plain, component = kind(["a"]), open_choice(kind(["a"]))
    gone = ["gone"] if kind is gr.CheckboxGroup else "gone"
    with pytest.raises(gr.Error, match="not in the list of choices"):
        rebuilt(plain).preprocess(gone)
    for one in (component, rebuilt(component), rebuilt(rebuilt(component))):
        assert one.preprocess(gone) == gone
        assert one.get_block_name() == plain.get_block_name(), "browsers know it by this"
        with pytest.raises(gr.Error, match="This choice cannot be read"):
            one.preprocess({"a": 1})


def test_a_picture_is_handed_over_as_it_is(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"no picture")
    given = gr.data_classes.ImageData(path=str(path))
    with gr.Blocks():
        component = picture_input(label="Yours")
    for one in (component, rebuilt(component)):
        assert one.preprocess(given) == str(path) and one.preprocess(None) is None


def test_nothing_is_written_beside_the_code():
    with gr.Blocks():
        open_choice(gr.Radio(["a"]))
    assert not list(Path(components.__file__).parent.glob("*.pyi"))
