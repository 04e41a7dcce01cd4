"""Whether a voice is one of the two that networks know, by its mean sound and pitch.

Knows features as `world` has them, and what a network met; no network.
"""

import numpy as np

from .measures import spoken
from .world import COEFFICIENTS, PITCH

NEITHER = 0.65
"""Root mean square over coefficients and pitch of how far an item's mean is from a speaker's, in
deviations of that speaker's columns: from here on it is another voice. The 40 held-out sentences of
the lesson `voices` lie within 0.24 of their speaker, single words within 0.43; Flite's other voices
from 0.93 on, and the woman's a tenth slower or faster from 1.01 on."""

OWN = 0.14
"""Of those 40 the median."""


def remark(features: np.ndarray, means: np.ndarray, deviations: np.ndarray, target: int) -> str:
    """A sentence on a voice that is not the one to be translated, or "".

    features: (C, T). means, deviations: (2, COEFFICIENTS + 1) of both speakers. target: 0 where it
    is to become X's voice, 1 for Y's.
    """
    found = spoken(features)
    voiced = found[PITCH, found[PITCH] > 0]
    if not len(voiced):
        return "Nothing in it has a pitch, as a voice has: there is no one to become another."
    # Without c₀, which says how loud it is.
    own = np.append(found[1:COEFFICIENTS].mean(1), voiced.mean())
    away = np.sqrt(np.mean(((own - means[:, 1:]) / deviations[:, 1:]) ** 2, axis=1))
    nearest = int(away.argmin())
    if away[nearest] > NEITHER:
        return (
            "These networks know two voices, and this is neither: in sound and pitch it is "
            f"{away[nearest] / OWN:.0f} times as far from the nearer one as that speaker's own "
            "sentences are. What comes out is a guess."
        )
    if nearest == target:
        return "This is the voice that it is to become: choose the other direction."
    return ""
