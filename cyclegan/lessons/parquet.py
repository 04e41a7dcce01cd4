"""Two columns of pictures in Parquet files, as datasets on the Hub have them.

A cell is the encoded picture: bytes, or the Hub's struct of "bytes" and "path". Nothing is decoded
here, and nothing fetched.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from .data import DataError
from .intake import MAX_FILE_BYTES, MAX_PICTURES, MAX_UNPACKED_BYTES, Pictures

BATCH = 8
"""Rows in memory at a time: photographs may have many megabytes."""


def open_columns(
    paths: Sequence[Path], columns: tuple[str, str], name: str
) -> tuple[Pictures, Pictures]:
    """The pictures of two columns, the first MAX_PICTURES rows over all files.

    name: of the dataset, for sentences. Raises DataError for damaged files, for columns that are
    not there or hold no pictures, and where a column would unpack to too much; the latter two also
    while the pictures are read.
    """
    try:
        files = [parquet.ParquetFile(path) for path in paths]
        for file in files:
            _check(file, columns, name)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"A Parquet file of {name} is damaged and cannot be read.") from error
    rows = sum(file.metadata.num_rows for file in files)
    left = (f"rows from {MAX_PICTURES + 1:,} on of {rows:,}",) if rows > MAX_PICTURES else ()
    x, y = (
        Pictures(min(rows, MAX_PICTURES), _read(files, column, name), left) for column in columns
    )
    return x, y


def picture_columns(paths: Sequence[Path], name: str) -> list[str]:
    """Names of the columns of the first file that may hold pictures; raises DataError."""
    try:
        schema = parquet.ParquetFile(paths[0]).schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"A Parquet file of {name} is damaged and cannot be read.") from error
    once = [field for field in schema if schema.names.count(field.name) == 1]
    return [_short(field.name) for field in once if _is_bytes(field.type)]


def _is_bytes(kind: pa.DataType) -> bool:
    """Whether cells are bytes, or the Hub's struct around them."""
    if pa.types.is_struct(kind):
        inner = [field.type for field in kind if field.name == "bytes"]
        kind = inner[0] if len(inner) == 1 else kind
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _check(file: parquet.ParquetFile, columns: tuple[str, str], name: str) -> None:
    schema = file.schema_arrow
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
    unpacked = 0
    for group in range(file.metadata.num_row_groups):
        row_group = file.metadata.row_group(group)
        sizes = [row_group.column(i) for i in range(row_group.num_columns)]
        unpacked += sum(
            part.total_uncompressed_size
            for part in sizes
            if part.path_in_schema.split(".")[0] in columns
        )
    if unpacked > MAX_UNPACKED_BYTES:
        raise DataError(
            f"{name} unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB a file, the most that is "
            "taken."
        )


def _read(files: list[parquet.ParquetFile], column: str, name: str) -> Iterator[tuple[str, bytes]]:
    row = read = 0
    for file in files:
        try:
            for batch in file.iter_batches(BATCH, columns=[column]):
                for cell in batch.column(0).to_pylist():
                    row += 1
                    if row > MAX_PICTURES:
                        return
                    cell = cell.get("bytes") if isinstance(cell, dict) else cell
                    data = cell or b""  # An empty one is no picture, and is left out as such.
                    read += len(data)
                    if len(data) > MAX_FILE_BYTES:
                        raise DataError(
                            f"{name}, row {row:,}: a picture has more than "
                            f"{MAX_FILE_BYTES >> 20} MiB, the most for one."
                        )
                    if read > MAX_UNPACKED_BYTES:
                        raise DataError(
                            f"The column {_short(column)} of {name} has more than "
                            f"{MAX_UNPACKED_BYTES >> 30} GiB, the most for a side."
                        )
                    yield f"{_short(column)}, row {row:,}", data
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"A Parquet file of {name} is damaged and cannot be read.") from error


def _short(text: str) -> str:
    """A name out of a stranger's file, fit for a sentence."""
    shown = text if text.isprintable() else ascii(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
