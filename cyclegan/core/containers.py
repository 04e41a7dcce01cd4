"""Files that FFmpeg opens (films, sounds), by PyAV, whose wheels bring their own FFmpeg.

For processes with walls: whatever such a file names, no other file and no address is opened. Knows
neither pictures nor sound.
"""

import importlib.util
from typing import IO, Any


def is_installed() -> bool:
    return importlib.util.find_spec("av") is not None


def opened(file: IO[bytes], formats: str) -> Any:
    """An `av` container. formats: FFmpeg's names of what may be opened, between commas.

    Raises av.FFmpegError, OSError or ValueError.
    """
    import av

    return av.open(
        file,
        options={"format_whitelist": formats},
        metadata_errors="ignore",
        io_open=_refuse,
    )


def has_decoder(stream: Any) -> bool:
    return stream.codec_context is not None and bool(stream.codec_context.codec)


def codec_name(stream: Any) -> str:
    context = stream.codec_context
    return context.name if context is not None else "unknown"


def _refuse(url: str, flags: int, options: dict):
    raise PermissionError(f"This file may not open {url}.")
