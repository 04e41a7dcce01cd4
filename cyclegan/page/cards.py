"""Models as cards, and how the opening of one goes, as HTML."""

from html import escape

from ..core.config import Generator
from ..store import hub
from .library import CheckpointSet, Library, Variant
from .panels import MEASURED, number

CARD_CLICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) trigger('click', {index: Number(button.dataset.index)});
});
"""


def shelf(library: Library, titles: list[str]) -> str:
    """A card a set, the ones that the visitor opened first."""
    shown = [(i, library.sets[t]) for i, t in enumerate(titles) if t in library.sets]
    cards = "".join(_card(set_, i) for i, set_ in reversed(shown))
    return f'<div class="shelf">{cards}</div>'


def _card(set_: CheckpointSet, index: int) -> str:
    first = set_.pick(True, True) or set_.variants[0]
    arrow = "→" if set_.directions == ("xy",) else "↔"
    rows = {
        "Domains": f"{set_.domains.x} {arrow} {set_.domains.y}",
        "Networks": describe(first.config.generator),
        "Trained at": f"{first.config.image_size} px" if _is_known(first) else "not said",
        "Variants": _variants(set_),
        "Figures": _figures(first),
        "Licence": hub.read_card(set_.folder).license or "not said",
    }
    details = "".join(f"<dt>{k}</dt><dd>{escape(v)}</dd>" for k, v in rows.items() if v)
    return (
        f'<article class="card"><h3>{escape(set_.title)}</h3><dl>{details}</dl>{remarks(set_)}'
        f'<button type="button" data-index="{index}">Translate with it</button></article>'
    )


def describe(generator: Generator) -> str:
    """A generator in words: "ResNet, 9 blocks, 64 filters"."""
    kinds = {"resnet": "ResNet", "unet": "U-Net", "pix2pix": "pix2pix U-Net"}
    steps = {"resnet": f", {generator.blocks} blocks", "pix2pix": f", {generator.blocks} stages"}
    return f"{kinds[generator.kind]}{steps.get(generator.kind, '')}, {generator.width} filters"


def remarks(set_: CheckpointSet) -> str:
    """Sentences that one should know before one uses a set."""
    said = [note for v in set_.variants for note in v.config.facts.get("notes", [])]
    if set_.directions == ("xy",):
        said.append("One generator alone: G(x) can be shown, F(G(x)) cannot.")
    if not all(set_.pick(cycle, True) for cycle in (True, False)):
        missing = "without" if set_.pick(True, True) else "with"
        said.append(f"It has no partner trained {missing} the cycle loss to compare it with.")
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in said)


def _is_known(variant: Variant) -> bool:
    return "layout" not in variant.config.facts or variant.source.image_size is not None


def _variants(set_: CheckpointSet) -> str:
    names = [variant.name for variant in set_.variants]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _figures(variant: Variant) -> str:
    figures = variant.metrics.get("G", {})
    wanted = [name for name in ("sea_iou", "rmse", "cycle_error") if name in figures]
    return ", ".join(f"{MEASURED[n].rstrip(' ↑↓')} {number(n, figures[n])}" for n in wanted)


def progress(done: int, total: int) -> str:
    """A bar while a model arrives; total 0 while its size is not known."""
    if not total:
        return '<div class="arriving"><progress></progress><span>Looking for it …</span></div>'
    words = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if done < total else "Reading the weights …"
    return (
        f'<div class="arriving"><progress max="{total}" value="{done}"></progress>'
        f"<span>{words}</span></div>"
    )


def failed(sentence: str) -> str:
    return f'<p class="sentence failed" role="alert">{escape(sentence)}</p>'


def opened(set_: CheckpointSet) -> str:
    return f'<p class="sentence">Opened: <b>{escape(set_.title)}</b>. {remarks_text(set_)}</p>'


def remarks_text(set_: CheckpointSet) -> str:
    return remarks(set_).replace("<p>", "").replace("</p>", " ")
