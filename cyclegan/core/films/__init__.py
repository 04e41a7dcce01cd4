"""Films: files with moving pictures, in and out.

    reading.py   what is in a file, its frames and its sound; runs in a process with walls
    colours.py   HDR to what networks and 8-bit pictures know
    opening.py   such a process from outside: a `FilmFile`, as frames and sound in their order
    writing.py   a film that can be played from its first second on, while it grows

Decodes and encodes by PyAV, whose wheels bring their own FFmpeg; where it is not installed,
`check_installed` says so. Knows no tensor and no network.
"""

from ..containers import is_installed as is_installed
from .opening import FilmFile as FilmFile
from .opening import is_film as is_film
from .parts import Film as Film
from .parts import FilmError as FilmError
from .parts import Frame as Frame
from .parts import Sound as Sound
from .parts import check_installed as check_installed
from .writing import Writer as Writer
