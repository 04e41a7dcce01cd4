"""Pictures, and zips of them, that a stranger might send to hurt a page: families of files by seed.

Each family is a function of a random number generator, so that no two of its files are alike.
Knows how to write them, and opens none.
"""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image

MARK = "strangersmark"
"""Part of every name that tries to leave its folder: no file may be called so afterwards."""

MARKUP = f"<img src=x onerror={MARK}>"
"""May stand nowhere in the page as it is."""

MIB = 2**20

Family = Callable[[random.Random], bytes]


# Zeros by the gigabyte, without the time that packing them would take


def deflated(head: bytes, zeros: int, tail: bytes) -> tuple[bytes, int, int]:
    """head, so many zeros and tail: packed without a frame, their CRC, their length."""

    def piece(data: bytes, how: int) -> bytes:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(data) + packer.flush(how)

    block, count = bytes(MIB), zeros // MIB
    crc = zlib.crc32(head)
    for _ in range(count):
        crc = zlib.crc32(block, crc)
    rest = bytes(zeros % MIB) + tail
    whole = piece(head, zlib.Z_FULL_FLUSH) + piece(block, zlib.Z_FULL_FLUSH) * count
    return whole + piece(rest, zlib.Z_FINISH), zlib.crc32(rest, crc), len(head) + zeros + len(tail)


def zlib_of_zeros(size: int) -> bytes:
    return b"\x78\xda" + deflated(b"", size, b"")[0] + struct.pack(">HH", size % 65521, 1)


# Pictures


def noise(r: random.Random, mode: str = "RGB", side: int = 0) -> Image.Image:
    side = side or r.randint(24, 96)
    return Image.frombytes("RGB", (side, side), r.randbytes(3 * side * side)).convert(mode)


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colour: int, data: bytes, *more: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    parts = [head, *more, chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def black_png(width: int, height: int, depth: int, colour: int, *more: bytes) -> bytes:
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = 1 + (width * samples * depth + 7) // 8
    palette = [chunk(b"PLTE", bytes(768))] if colour == 3 else []
    return png(width, height, depth, colour, zlib_of_zeros(row * height), *palette, *more)


def large_png(r: random.Random) -> bytes:
    """Of any colour and depth: tall, wide, or square, up to what is allowed or beyond it."""
    depth, colour = r.choice([(8, 0), (16, 0), (1, 0), (8, 2), (16, 2), (8, 3), (8, 4), (16, 6)])
    pixels = r.choice([20, 60, 64, 90]) * 10**6
    width = r.choice([1, 2, r.randint(3, 99), round(pixels**0.5) - r.randint(1, 9)])
    sides = [width, pixels // width]
    r.shuffle(sides)
    return black_png(*sides, depth, colour)


def png_of_texts(r: random.Random) -> bytes:
    """Text, a profile or EXIF that unpacks to much; or very many of them."""
    size = r.choice([2, 64, 700]) * MIB
    packed = zlib_of_zeros(size)
    parts = {
        b"zTXt": b"Comment\0\0" + packed,
        b"iTXt": b"Comment\0\1\0\0\0" + packed,
        b"iCCP": b"profile\0\0" + packed,
        b"eXIf": b"II*\0" + struct.pack("<I", r.randint(0, 2**32 - 1)) + r.randbytes(200),
        b"tEXt": b"Comment\0" + r.randbytes(30),
    }
    kind = r.choice(list(parts))
    count = r.choice([5_000, 50_000]) if kind == b"tEXt" else r.choice([1, 1, 12])
    return black_png(64, 64, 8, 2, *[chunk(kind, parts[kind])] * count)


def png_of_frames(r: random.Random) -> bytes:
    """Animated: the frames that it says it has, and whole pictures in them."""
    count = r.choice([2**31 - 1, 300])
    frame = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 64, 64, 0, 0, 1, 1, 0, 0))
    body = chunk(b"fdAT", struct.pack(">I", 1) + zlib_of_zeros(r.choice([1, 64]) * MIB))
    more = [chunk(b"acTL", struct.pack(">II", count, 0)), *[frame, body] * min(count, 60)]
    return black_png(64, 64, 8, 2, *more)


def jpeg_of_scans(r: random.Random) -> bytes:
    side = r.choice([200, 3000, 7900])
    data = saved(Image.new("RGB", (side, side), "grey"), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + scan * r.randint(300, 4000) + data[-2:]


def jpeg_of_segments(r: random.Random) -> bytes:
    """Comments, profiles in 255 pieces, EXIF that leads back to itself."""
    size = r.randint(16, 65533)
    pieces = {
        "comment": b"\xff\xfe" + struct.pack(">H", size + 2) + r.randbytes(size),
        "profile": b"\xff\xe2"
        + struct.pack(">H", size + 16)
        + b"ICC_PROFILE\0\1\xff"
        + bytes(size),
        "exif": b"\xff\xe1\0\x22Exif\0\0II*\0"
        + b"\x08\0\0\0\1\0\x69\x87\4\0\1"
        + b"\0\0\0\x08\0\0\0\x08\0\0\0",
        "photoshop": b"\xff\xed\0\x1aPhotoshop 3.0\0" + b"8BIM" + r.randbytes(6),
    }
    data = saved(noise(r), "JPEG")
    return data[:2] + r.choice(list(pieces.values())) * r.choice([1, 255, 900]) + data[2:]


def jpeg_that_claims(r: random.Random) -> bytes:
    """Another size in its head than it has."""
    data = bytearray(saved(noise(r), "JPEG", progressive=r.random() < 0.5))
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2")) + 5
    sides = r.choice([(65535, 976), (1, 65535), (8000, 8000), (0, 0), (65535, 65535)])
    data[at : at + 4] = struct.pack(">HH", *sides)
    return bytes(data)


def gif_of_frames(r: random.Random) -> bytes:
    """A large screen, and frames without end."""
    data = saved(noise(r, "P", 16), "GIF")
    at = data.rindex(b",")
    side = r.choice([100, 8000, 65535])
    return data[:6] + struct.pack("<HH", side, side) + data[10:at] + data[at:-1] * 3000 + b";"


def ifd(fields: dict[int, tuple[int, int]], after: int) -> bytes:
    """A directory of TIFF: (kind, value) by tag, and where the next one lies."""
    entries = (struct.pack("<HHII", tag, kind, 1, n) for tag, (kind, n) in sorted(fields.items()))
    return struct.pack("<H", len(fields)) + b"".join(entries) + struct.pack("<I", after)


def tiff(r: random.Random) -> bytes:
    """Directories without end, sizes and counts that cannot be, compressions that few know."""
    side = r.choice([8, 8000, 2**31])
    fields = {
        256: (4, side),
        257: (4, r.choice([8, side, 2**32 - 1])),
        258: (3, r.choice([1, 8, 12, 32, 64])),
        259: (3, r.choice([1, 2, 3, 4, 5, 6, 7, 8, 34676, 34712, 34892, 34925, 50000, 50001])),
        262: (3, r.choice([0, 1, 2, 3, 5, 6, 8, 32844])),
        273: (4, 8),
        277: (3, r.choice([1, 3, 4, 100, 65535])),
        278: (4, r.choice([1, 8, 2**31])),
        279: (4, r.choice([64, 2**31])),
        339: (3, r.choice([1, 2, 3, 6])),
    }
    if r.random() < 0.3:  # In tiles.
        fields |= {322: (4, r.choice([16, 2**20])), 323: (4, 16), 324: (4, 8), 325: (4, 64)}
    length, count = len(ifd(fields, 0)), r.choice([1, 3000])
    offsets = [8 + length * (i + 1) for i in range(count - 1)] + [r.choice([0, 8])]
    return b"II*\0\x08\0\0\0" + b"".join(ifd(fields, offset) for offset in offsets)


def float_tiff(r: random.Random) -> bytes:
    """Within the limit of pixels, four bytes each."""
    width, height = r.randint(6000, 8000), 8000
    data = zlib_of_zeros(4 * width * height)
    fields = {256: (4, width), 257: (4, height), 258: (3, 32), 259: (3, 8), 262: (3, 1)}
    fields |= {273: (4, 8), 277: (3, 1), 278: (4, height), 279: (4, len(data))}
    fields |= {339: (3, r.choice([1, 2, 3]))}
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + ifd(fields, 0)


def bitmap(r: random.Random) -> bytes:
    width, height = r.choice([(8000, 8000), (2**31 - 1, 1), (1, -(2**31)), (60_000_000, 1)])
    depth, packed = r.choice([(8, 1), (4, 2), (24, 0), (32, 3)])
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, depth, packed, 0, 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 2**31 - 1, 0, 0, 54) + info + r.randbytes(2000)


def postscript(r: random.Random) -> bytes:
    code = r.choice(
        ["{} loop", "0 1 1e9 {pop} for", f"({MARK}) (w) file", "1e6 array dup 0 3 -1 roll"]
    )
    box = r.choice(["0 0 9 9", "0 0 9000 9000", "0 0 1e9 1e9"])
    lead = r.choice([b"", b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 32, 200) + bytes(20)])
    text = (
        f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: {box}\n%%EndComments\n{code}\nshowpage\n%%EOF\n"
    )
    return lead + text.encode()


def unwanted(r: random.Random) -> bytes:
    """What Pillow opens and no camera writes."""
    pixels = struct.pack(">II", *r.choice([(8000, 8000), (4, 4), (2**31, 2**31)]))
    heads = [
        b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n",
        b"8BPS\0\1" + bytes(6) + b"\0\3" + pixels + b"\0\x08\0\3" + bytes(200),
        b"icns" + struct.pack(">I", 2**31) + b"ic10" + struct.pack(">I", 2**30) + bytes(99),
        b"qoif" + pixels + b"\3\0" + bytes(60),
        b"gimp" + pixels + bytes(99),
        b"FTEX" + bytes(16) + pixels,
        b"/* XPM */\nstatic char *x[] = {\n" + b'"60000 60000 1 1",\n"a c None",\n',
        b"SIMPLE  =                    T" + b" " * 2850,
        b"GRIB\0\0\0\1" + bytes(99),
        b"\x89HDF\r\n\x1a\n" + bytes(99),
        b"P5\n8000 8000\n65535\n" + bytes(99),
        b"P3\n" + b"9" * 300_000 + b" 1\n255\n",
        b"#define x_width 60000\n#define x_height 60000\nstatic char x_bits[] = {\n0x00",
        b"\x59\xa6\x6a\x95" + pixels + bytes(20),
        b"DDS " + struct.pack("<III", 124, 4103, 8000) + struct.pack("<I", 8000) + bytes(108),
        b"\0\0\1\0\1\0\0\0\0\0\1\0\x20\0" + struct.pack("<II", 2**30, 22) + bytes(40),
    ]
    kinds = ["ICNS", "DDS", "TGA", "PCX", "SGI", "QOI", "IM", "SPIDER", "JPEG2000", "AVIF", "ICO"]
    if r.random() < 0.6:
        return r.choice(heads) + r.randbytes(40)
    kind = r.choice(kinds)
    return saved(noise(r, "F" if kind == "SPIDER" else "RGB", 64), kind)


def damaged(r: random.Random) -> bytes:
    """A picture of a wanted kind with some bytes changed, or its end cut off."""
    kind = r.choice(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM"])
    data = bytearray(saved(noise(r), kind))
    for _ in range(r.choice([1, 5, 40])):
        data[r.randrange(len(data))] = r.randrange(256)
    return bytes(data[: r.choice([len(data), r.randrange(len(data))])])


# Zips


def zipped(entries: list[tuple[str | zipfile.ZipInfo, bytes]], how: int = 0) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries:
            # Without the hour at which it was made.
            info = zipfile.ZipInfo(name) if isinstance(name, str) else name
            archive.writestr(info, data, how)
    return file.getvalue()


def few(r: random.Random) -> list[tuple[str, bytes]]:
    return [(f"{i}.png", saved(noise(r), "PNG")) for i in range(4)]


def raw_zip(entries: list[tuple[bytes, tuple[bytes, int, int]]], flags: int = 0) -> bytes:
    """Of packed data; the names are taken as they are."""
    body, last = b"", b""
    for name, (raw, crc, size) in entries:
        facts = struct.pack(
            "<HHHHIIIHH", flags, 8, 0, 0, crc, len(raw), size & 0xFFFFFFFF, len(name), 0
        )
        last += b"PK\1\2\x14\0\x14\0" + facts + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name
        body += b"PK\3\4\x14\0" + facts + name + raw
    end = struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(last), len(body), 0)
    return body + last + b"PK\5\6" + end


def bomb(r: random.Random) -> bytes:
    head = saved(noise(r), r.choice(["PNG", "BMP", "JPEG"]))
    packed = deflated(head, r.choice([60, 900]) * MIB, b"")
    return raw_zip([(f"{i}.png".encode(), packed) for i in range(r.choice([2, 9]))])


def zip_of_names(r: random.Random) -> bytes:
    up = "../" * r.randint(1, 9)
    names = [
        *(f"{up}{MARK}.png", f"/tmp/{MARK}.png", f"C:\\{MARK}.png", f"..\\..\\{MARK}.png"),
        *("a" * 60_000 + ".png", "\u202egnp.exe.png", "CON.png", " .png", "a\x01.png", "/" * 900),
        *(f"{MARKUP}.png", "a/" * 5000 + "b.png", "\ud7ff\ufffe.png"),
    ]
    pictures = few(r) + [(name, saved(noise(r), "PNG")) for name in r.sample(names, 5)]
    return zipped(pictures)


def zip_of_many(r: random.Random) -> bytes:
    count = r.choice([9_000, 70_000])
    return zipped([(f"{i}.png", b"") for i in range(count)])


def zip_of_links(r: random.Random) -> bytes:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = r.choice([0o120777, 0o010777, 0o060777]) << 16
    target = r.choice(["/etc/passwd", "../../../../etc/passwd", "/dev/zero", "."])
    return zipped([*few(r), (link, target.encode())])


def zip_in_zip(r: random.Random) -> bytes:
    data = zipped(few(r))
    for depth in range(r.choice([1, 30, 200])):
        data = zipped([(f"{depth}-{i}.zip", data) for i in range(1 if depth else 3)])
    return data


def zip_of_two(r: random.Random) -> bytes:
    """Two directories: what stands in front of the first is what lies behind the second."""
    return (
        zipped(few(r))
        + zipped([(f"../{MARK}.png", r.randbytes(99))])
        + r.randbytes(r.choice([0, 9]))
    )


def odd_zip(r: random.Random) -> bytes:
    """Methods that few know, a password, sizes that are not so, entries that overlap."""
    data = bytearray(zipped(few(r), r.choice([0, 8, 12, 14])))
    for mark, at, wide in ((b"PK\1\2", r.choice([8, 10, 20, 24, 42]), 2), (b"PK\5\6", 10, 2)):
        place = data.find(mark) + at
        data[place : place + wide] = r.randbytes(wide)
    return bytes(data[: r.choice([len(data), r.randrange(len(data))])])


PICTURES: list[Family] = [
    *(large_png, png_of_texts, png_of_frames, jpeg_of_scans, jpeg_of_segments, jpeg_that_claims),
    *(gif_of_frames, tiff, float_tiff, bitmap, postscript, unwanted, damaged, damaged),
]
ZIPS: list[Family] = [
    *(bomb, zip_of_names, zip_of_many, zip_of_links, zip_in_zip, zip_of_two, odd_zip)
]
