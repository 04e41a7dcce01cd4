"""A page that is open for a test's browser, for as long as it is needed."""

from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from cyclegan.page.demo import launch_options


@contextmanager
def opened(demo: gr.Blocks) -> Iterator[str]:
    """Yields its address."""
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(demo))
    try:
        yield address
    finally:
        demo.close()
