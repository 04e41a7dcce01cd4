"""Ten lines that use an exported network elsewhere, in Python and in JavaScript.

Knows settings and names; no network and no file.
"""

from ...core.config import Config, Range
from .parts import Part

BYTES = Range(0, 255, "uint8")
"""Black and white of pictures whose values were never settled otherwise."""


def range_of(config: Config, side: str) -> Range:
    """Black and white of X or of Y."""
    return getattr(config.ranges, side) or BYTES


def python(config: Config, part: Part) -> str:
    """From a file to a file, with onnxruntime."""
    low, high = _sides(config, part)
    if _is_plain(config, part):
        mode = "RGB" if part.channels == 3 else "L"
        library = "from PIL import Image"
        opened = f'Image.open("picture.png").convert("{mode}")'
        given = "values / 127.5 - 1"
        made = "127.5 * (made + 1)"
        saved = 'Image.fromarray({}).save("translation.png")'
    else:
        library, opened = "import tifffile", 'tifffile.imread("picture.tif")'
        given = f"((values - {low.low:g}) / {low.high - low.low:.9g} * 2 - 1).clip(-1, 1)"
        made = f"{high.low:.9g} + {high.high - high.low:.9g} * (made + 1) / 2"
        saved = 'tifffile.imwrite("translation.tif", {})'
    kind = high.kind or "float32"
    whole = f".round().clip({high.low:.9g}, {high.high:.9g})" if "int" in kind else ""
    array = f'made{whole}.astype("{kind}")'
    into = "transpose(2, 0, 1)[None]" if part.channels > 1 else "reshape(1, 1, *values.shape[:2])"
    out = f"{part.made}[0].transpose(1, 2, 0)" if part.out > 1 else f"{part.made}[0, 0]"
    return f"""import numpy as np
import onnxruntime
{library}

session = onnxruntime.InferenceSession("{part.role}.onnx")
values = np.asarray({opened}, "float32")
{part.given} = {given}
({part.made},) = session.run(None, {{"{part.given}": {part.given}.{into}}})
made = {out}
made = {made}
{saved.format(array)}"""


def javascript(config: Config, part: Part) -> str:
    """From pixels to pixels, with onnxruntime-web or onnxruntime-node."""
    low, high = _sides(config, part)
    if _is_plain(config, part):
        step, last, shown, array = 4, 4, 3, "Uint8ClampedArray(4 * size).fill(255)"
    else:
        step, last, shown = part.channels, part.out, part.out
        array = f"Float32Array({last} * size)"
    given = _in_js(low).format(f"data[at(i, size, {step})]")
    made = _out_js(high).format("values[i % values.length]")
    x, shape = part.given, f"[1, {part.channels}, height, width]"
    return f"""import * as ort from "onnxruntime-web";
const session = await ort.InferenceSession.create("{part.role}.onnx");
const at = (i, size, step) => step * (i % size) + Math.floor(i / size);
export async function translate({{ data, width, height }}) {{
  const size = width * height, made = new {array};
  const {x} = Float32Array.from({{ length: {part.channels} * size }}, (_, i) => {given});
  const given = {{ {x}: new ort.Tensor("float32", {x}, {shape}) }};
  const {{ data: values }} = (await session.run(given)).{part.made};
  for (let i = 0; i < {shown} * size; i++) made[at(i, size, {last})] = {made};
  return {{ data: made, width, height }};
}}"""


def about_javascript(config: Config, part: Part) -> str:
    if _is_plain(config, part):
        takes = "what a canvas calls `ImageData`: red, green, blue and alpha of every pixel"
    else:
        takes = "all channels of a pixel, then those of the next"
    return f"It takes and gives {takes}. In Node, `onnxruntime-node` does the same."


def program(part: Part) -> str:
    """The same network as torch.export's file."""
    return f"""import torch

{part.role} = torch.export.load("{part.role}.pt2").module()
{part.made} = {part.role}({part.given})  # (N, {part.channels}, H, W) to (N, {part.out}, H, W)"""


def _in_js(black: Range) -> str:
    if black == BYTES:
        return "{} / 127.5 - 1"
    return f"(({{}} - {black.low:.9g}) / {black.high - black.low:.9g}) * 2 - 1"


def _out_js(black: Range) -> str:
    if black == BYTES:
        return "127.5 * ({} + 1)"
    return f"{black.low:.9g} + ({black.high - black.low:.9g} * ({{}} + 1)) / 2"


def _sides(config: Config, part: Part) -> tuple[Range, Range]:
    """Black and white of what goes in, and of what comes out."""
    other = "y" if part.side == "x" else "x"
    out = other if part.made == f"fake_{other}" else part.side
    return range_of(config, part.side), range_of(config, out)


def _is_plain(config: Config, part: Part) -> bool:
    """Whether both sides are 8-bit pictures in grey or RGB."""
    return {part.channels, part.out} <= {1, 3} and _sides(config, part) == (BYTES, BYTES)
