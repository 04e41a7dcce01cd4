"""Films through networks: picture by picture, beside each other, and steady where it is wanted.

    motion.py        where everything was in the frame before: known, or by optical flow
    steady.py        what a variant makes of frame after frame, without flicker
    screen.py        x, G(x), F(G(x)) of several variants as one picture of a film
    translating.py   a whole film, from its first frame to its last, or as far as it gets

Memory is that of a few frames, whatever a film's length. Reads and writes by `core.films`.
"""

from .translating import Done as Done
from .translating import Row as Row
from .translating import Translating as Translating
