"""Two columns of pictures in Parquet files, as datasets on the Hub have them.

A cell is the encoded picture: bytes, or the Hub's struct of "bytes" and "path". The files are read
by a process with limits (`core.confined`), which writes the cells as files: what a page or a table
of contents of a few bytes may become in memory ends there. Nothing is decoded here, nor fetched.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.confined import Chamber, ConfinedError
from ..core.listing import LeftOut
from .data import DataError
from .intake import MAX_PICTURES, Pictures
from .zips import MAX_FILE_BYTES

MAX_COLUMN_BYTES = 2 * 2**30
"""Of all pictures of a column."""

SECONDS, MEMORY, PLACES = 120.0, 2**31, 1
"""What reading a dataset may take. A writer may put a hundred photographs into one page."""

_CHAMBER = Chamber(f"{__name__}:answer", PLACES, SECONDS, MEMORY, written=MAX_FILE_BYTES)


@dataclass(frozen=True)
class _Cells:
    """The cells of a column, each in a file; these go with it."""

    column: str
    count: int
    folder: Path
    kept: tempfile.TemporaryDirectory

    def __iter__(self) -> Iterator[tuple[str, Path]]:
        for row in range(1, self.count + 1):
            yield f"{self.column}, row {row:,}", self.folder / f"{row}"


def open_columns(
    paths: Sequence[Path], columns: tuple[str, str] | None, name: str
) -> tuple[Pictures, Pictures]:
    """The pictures of two columns, the first MAX_PICTURES rows over all files.

    columns: None for the only two that hold pictures. name: of the dataset, for sentences. Raises
    DataError for damaged files, for columns that are not there or hold no pictures, and where a
    picture or a column has too much.
    """
    kept = tempfile.TemporaryDirectory(prefix="cyclegan-columns-")
    asked = {
        "paths": [str(path.resolve()) for path in paths],
        **{"columns": columns, "name": name, "folder": kept.name},
        **{"rows": MAX_PICTURES, "picture": MAX_FILE_BYTES, "column": MAX_COLUMN_BYTES},
    }
    try:
        said, _ = _CHAMBER(asked)
    except ConfinedError as error:
        whole = error.kind == "DataError"
        raise DataError(str(error) if whole else f"A table of {name} {error.why}.") from None
    rows, count = said["rows"], said["count"]
    left = (LeftOut(f"what follows row {count:,} of {rows:,}", "is not taken"),)
    x, y = (
        Pictures(
            count,
            _Cells(_short(column), count, Path(kept.name, side), kept),
            left if rows > count else (),
        )
        for side, column in zip("xy", said["columns"], strict=True)
    )
    return x, y


# In the process


def answer(asked: dict, _: bytes) -> tuple[dict, bytes]:
    """What the process does for `open_columns`."""
    import pyarrow as pa  # Here, since nothing else needs it, and it takes long to import.
    from pyarrow import parquet

    name, folder = asked["name"], Path(asked["folder"])
    try:
        files = [parquet.ParquetFile(path, pre_buffer=False) for path in asked["paths"]]
        columns = asked["columns"] or _pictures(files[0].schema_arrow, name)
        for file in files:
            _check(file.schema_arrow, columns, name)
        for side, column in zip("xy", columns, strict=True):
            (folder / side).mkdir()
            _write(files, column, folder / side, asked)
    except pa.ArrowMemoryError as error:
        raise MemoryError from error
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"A Parquet file of {name} is damaged and cannot be read.") from error
    rows = sum(file.metadata.num_rows for file in files)
    count = min(len(list((folder / side).iterdir())) for side in "xy")
    return {"rows": rows, "count": count, "columns": columns}, b""


def _pictures(schema, name: str) -> list[str]:
    """The two columns that may hold pictures; raises DataError where there are not two."""
    once = [field for field in schema if schema.names.count(field.name) == 1]
    found = [field.name for field in once if _is_bytes(field.type)]
    if len(found) != 2:
        listed = ", ".join(map(_short, found[:20])) or "none"
        raise DataError(
            f"{name} has {len(found)} columns of pictures ({listed}); name two of them, as in "
            f"{name}#imageA,imageB."
        )
    return found


def _is_bytes(kind) -> bool:
    """Whether cells are bytes, or the Hub's struct around them."""
    from pyarrow import types

    if types.is_struct(kind):
        inner = [field.type for field in kind if field.name == "bytes"]
        kind = inner[0] if len(inner) == 1 else kind
    return types.is_binary(kind) or types.is_large_binary(kind)


def _check(schema, columns: Sequence[str], name: str) -> None:
    for column in columns:
        # A name may stand twice in a file; `names.count` tells, `field` would warn.
        if schema.names.count(column) != 1:
            listed = ", ".join(_short(n) for n in schema.names[:20]) or "none"
            raise DataError(f"{name} has no column {_short(column)}; its columns are {listed}.")
        kind = schema.field(column).type
        if not _is_bytes(kind):
            raise DataError(
                f"The column {_short(column)} of {name} holds {_short(str(kind))}, not pictures."
            )


def _write(files: list, column: str, folder: Path, asked: dict) -> None:
    row = written = 0
    for file in files:
        # One at a time: in a dictionary, the largest picture may stand in every row.
        for batch in file.iter_batches(1, columns=[column]):
            for cell in batch.column(0).to_pylist():
                row += 1
                if row > asked["rows"]:
                    return
                cell = cell.get("bytes") if isinstance(cell, dict) else cell
                data = cell or b""  # An empty one is no picture, and is left out as such.
                written += len(data)
                if len(data) > asked["picture"]:
                    raise DataError(
                        f"{asked['name']}, row {row:,}: a picture has more than "
                        f"{asked['picture'] >> 20} MiB, the most for one."
                    )
                if written > asked["column"]:
                    raise DataError(
                        f"The column {_short(column)} of {asked['name']} has more than "
                        f"{asked['column'] >> 30} GiB, the most for a side."
                    )
                (folder / str(row)).write_bytes(data)


def _short(text: str) -> str:
    """A name out of a stranger's file, fit for a sentence."""
    shown = text if text.isprintable() else ascii(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
