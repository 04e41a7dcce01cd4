"""Sound: clips, and what is done with them that knows no method and no lesson.

clip.py         one channel at one rate
reading.py      what is in a file, by PyAV; runs in a process with walls
opening.py      such a process from outside: a file as a `Clip`
cleaning.py     silence cut, loudness levelled
spectrogram.py  a clip as people see it
writing.py      a clip as browsers play it
"""

from .cleaning import cleaned as cleaned
from .clip import Clip as Clip
from .clip import SoundError as SoundError
from .opening import load as load
