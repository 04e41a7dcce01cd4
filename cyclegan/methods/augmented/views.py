"""What Augmented CycleGAN can show of an item, and what it is measured by."""

from ...core.config import Direction
from ..method import ORIGINAL, View
from .figures import NAMES, OTHER, WITH_TRUTHS_Z

Z = View("z", "E(F(y), y)", "Latent", "", "E", ("made", "original"))
"""What E finds in y and what F made of it."""

W = View("w", "E_X(x, G(x, z))", "Latent", "", "E_X", ("original", "made"))
"""What E_X finds in x and what G made of it."""

TO_Y = View(
    *("made", "G(x, z)", "Translation"),
    "G turns it into {a_target}; which one, z says.",
    *("G", ("original", "z")),
)


def _to_x(of: tuple[str, ...], formula: str, sentence: str) -> View:
    return View("made", formula, "Translation", sentence, "F", of)


def _back(formula: str, network: str, beside: tuple[View, ...], original: str) -> View:
    told = f", with what {beside[0].network} read" if beside else ""
    sentence = f"{network} turns that back{told}. The cycle loss asks for {original}."
    of = ("made", *beside)
    return View("back", formula, "Reconstruction", sentence, network, of, "cycle_error")


def views_of(direction: Direction, both: bool) -> tuple[View, ...]:
    """both: whether F takes a latent too."""
    y = ORIGINAL.mirrored()
    if direction == "xy" and both:
        return ORIGINAL, TO_Y, _back("F(G(x, z), E_X(x, G(x, z)))", "F", (W,), "x")
    if direction == "xy":
        return ORIGINAL, TO_Y, _back("F(G(x, z))", "F", (), "x")
    if both:
        made = _to_x(("original", "w"), "F(y, w)", "F turns it into {a_target}; which one, w says.")
        return y, made, _back("G(F(y, w), E(F(y, w), y))", "G", (Z,), "y")
    made = _to_x(("original",), "F(y)", "F turns it into {a_target}.")
    return y, made, _back("G(F(y), E(F(y), y))", "G", (Z,), "y")


ANOTHER = View(
    OTHER,
    "G(x, z′)",
    "Another answer",
    "The same x with another z.",
    "G",
    ("original", "another_z"),
)


def with_another(views: tuple[View, ...], direction: Direction) -> tuple[View, ...]:
    """To Y a second answer behind the translation."""
    if direction == "yx":
        return views
    behind = 1 + next(i for i, view in enumerate(views) if view.key == "made")
    return (*views[:behind], ANOTHER, *views[behind:])


TRUTHS_Z = View("truths_z", "E(x, y)", "Latent", "", "E", ("original", "truth"))
TRUTHS_W = View("truths_w", "E_X(x, y)", "Latent", "", "E_X", ("truth", "original"))


def _answers(formula: str, network: str, latent: str, truths: View) -> tuple[View, ...]:
    """To one item, each with another latent, and the one with that of its truth."""
    latents = {name: f"{latent}_{i}" for i, name in enumerate(NAMES)} | {WITH_TRUTHS_Z: truths}
    return tuple(
        View(name, formula, "Answer", "", network, ("original", one))
        for name, one in latents.items()
    )


def probes_of(direction: Direction, both: bool) -> tuple[View, ...]:
    """Many answers to x, and the one with the truth's z. Of y: what G makes of F(y) with another z
    than y's, so that what comes back was in F(y)."""
    if direction == "xy":
        return _answers("G(x, z)", "G", "z", TRUTHS_Z)
    otherwise = "G(F(y, w), z)" if both else "G(F(y), z)"
    another = View("back_with_another_z", otherwise, "Another z", "", "G", ("made", "z"))
    return (another, *(_answers("F(y, w)", "F", "w", TRUTHS_W) if both else ()))
