"""The first result of a page, made beside something that takes longer: the import of Gradio.

Knows no Gradio and no components.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch

from .compare import opening, translate
from .library import Library


@contextmanager
def first_result(library: Library) -> Iterator[None]:
    """While the body runs, the library comes to remember what its page opens with.

    Raises what `translate` raises, after the body. The networks have one core, Python the other:
    two threads an operation would wait for each other and for the import.
    """
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(1, "first", torch.set_num_threads, (1,)) as pool:
        made = pool.submit(_make, library)
        yield
    torch.set_num_threads(threads)  # A new thread begins with what was set last in any.
    made.result()


def _make(library: Library) -> None:
    titles = library.offered
    request, first = opening(titles[0], library.sets[titles[0]]), library.sets[titles[0]]
    if first.is_from_noise:  # What they make is made when the page is laid out.
        for row in first.rows(request.without, request.names):
            library.translator(row.variant.source)
    elif request.has_picture:
        translate(library, request)
    for title in titles:
        _ = library.sets[title].examples  # The story asks which there are.
