"""Files that FFmpeg opens (films, sounds), by PyAV, whose wheels bring their own FFmpeg.

For processes with walls: whatever such a file names, no other file and no address is opened. Knows
neither pictures nor sound.
"""

import importlib.util
from collections.abc import Iterator, Sequence
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


def frames(container: Any, streams: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """(stream, frame) of streams with a decoder, in the file's order; (stream, None) for a damaged
    place, which is passed over. Where the file breaks off, what decoders still hold comes last."""
    import av

    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (av.FFmpegError, OSError):  # The file ends, or goes on as nothing that is known.
            break
        yield from _decoded(packet.stream, packet)
    yield streams[0], None
    for stream in streams:
        yield from _decoded(stream, None)


def _decoded(stream: Any, packet: Any) -> Iterator[tuple[Any, Any]]:
    import av

    try:
        for frame in stream.decode(packet):
            yield stream, frame
    except (av.FFmpegError, ValueError):
        yield stream, None


def has_decoder(stream: Any) -> bool:
    return stream.codec_context is not None and bool(stream.codec_context.codec)


def codec_name(stream: Any) -> str:
    context = stream.codec_context
    return context.name if context is not None else "unknown"


def _refuse(url: str, flags: int, options: dict):
    raise PermissionError(f"This file may not open {url}.")
