"""A lesson that fails: `turned`, flat pictograms upright ↔ the same kind of pictograms upside down.

Only the place of things differs, and that is what CycleGAN is bad at.
"""

from types import MappingProxyType

import numpy as np

from ...core.config import Domains
from ...core.figures import Figure, l1
from ..lesson import ratio
from ..troubles import ALIKE, KEPT, LOST, Bound, Trouble, Values
from .pairs import SILHOUETTE_IOU, FluentPair
from .read import Pack


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """Mean |a − b| of pictures (H, W, 3) uint8, or of a and b mirrored, whichever is less."""
    return min(l1(a, b), l1(a, b[:, ::-1]))


def turned(original: np.ndarray, made: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """How far the truth is from the original, if what was made is within half of that, else 0; and
    how far it is.

    By the triangle inequality what is within is nearer to the truth than to the original. To be
    nearer is not enough: half of all unrelated pictures are, and so is a negative of x.
    """
    way = apart(original, truth)
    return way * (apart(made, truth) < way / 2), way


def unturned(original: np.ndarray, made: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """How far the truth is from the original, if what was made is nearer to the original, else 0;
    and how far it is. Of unrelated pictures it holds for half, and of a negative of y."""
    way = apart(original, truth)
    return way * (apart(made, original) < apart(made, truth)), way


TURNED = Figure(
    "turned",
    "turned",
    decimals=2,
    better="high",
    needs=("original", "made", "truth"),
    of=turned,
    over="ratio",
    is_quick=True,
    reads="Share that came out turned, mirrored or not: G(x) is nearer to y than half of the way "
    "from x to y. A pictogram counts by that way, as many look all but the same upside down.",
    formula="Σ |x − y| · [|G(x) − y| < ½ |x − y|] / Σ |x − y|",
)
UNTURNED = Figure(
    "unturned",
    "unturned",
    decimals=2,
    needs=("original", "made", "truth"),
    of=unturned,
    over="ratio",
    is_quick=True,
    reads="Share that was left as it was, counted likewise: G(x) is nearer to x than to y.",
    formula="Σ |x − y| · [|G(x) − x| < |G(x) − y|] / Σ |x − y|",
)

NEVER_TURNED = Trouble(
    "unturned",
    "x comes back, but was never turned",
    (KEPT, Bound("unturned", "above", 0.5)),
)
WRONG_TURN = Trouble(
    "wrong",
    "x comes back, and is neither left as it was nor turned as it should be",
    (KEPT, Bound("unturned", "below", 0.5), Bound("turned", "below", 0.5)),
)


class Turned(FluentPair):
    """What comes back was never turned: a small cycle error does not say that G(x) is right.

    Both sides have the same colours and differ in geometry alone, with which CycleGAN's authors had
    little success (Zhu et al. 2017, section 6: between dogs and cats it changes next to nothing).

    The truth of x is x turned by 180°, to the last bit. But training mirrors pictures of either
    side at random (`Pictures.cut`), so that for all it sees, turning x and standing it on its head
    as in a lake are equally right. `turned` and `unturned` take either; RMSE, SSIM and the
    silhouette hold G(x) against the turn alone.
    """

    name = "turned"
    title = "upright ↔ upside down"
    domains = Domains("upright", "upside down")
    source = "Fluent emoji, flat (npm @iconify-json/fluent-emoji-flat 1.2.6), and turned by 180°"
    styles = ("flat", "flat")
    # No colour error: what differs inside a silhouette is a matter of place here.
    own = (TURNED, UNTURNED, SILHOUETTE_IOU)
    headline = ("turned", "cycle_error", "unturned")
    troubles = (ALIKE, LOST, NEVER_TURNED, WRONG_TURN)
    shown = MappingProxyType(
        {
            "Dog": "1f436",
            "Bus": "1f68c",
            "House": "1f3e0",
            "Penguin": "1f427",
            "Turtle": "1f422",
            "Horse": "1f40e",
            "Factory": "1f3ed",
            "Taxi": "1f695",
            "Rose": "1f339",
            "Ship": "1f6a2",
            "Ice Cream": "1f368",
            "Statue of Liberty": "1f5fd",
        }
    )

    def sides(self, pack: Pack) -> tuple[np.ndarray, np.ndarray]:
        return pack.flat, pack.flat[:, ::-1, ::-1]

    def seen(self, with_it: Values, without: Values) -> bool:
        """The arm with the cycle loss keeps x far better than the other, and left it unturned."""
        kept = ratio(with_it, without, "cycle_error")
        return kept is not None and kept <= 0.6 and with_it.get("unturned", 0.0) >= 0.9

    def wrong(self, made: Values, itself: Values) -> str:
        if made.get("unturned", 0.0) > 0.5:
            return "it was never turned"
        return "it was not turned as it should be" if made.get("turned", 1.0) < 0.5 else ""
