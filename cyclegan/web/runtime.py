"""onnxruntime-web as one script: what runs networks in a browser, on its GPU or as WebAssembly.

npm brings it, whose own cache and registry are used; the files are those of one version, by their
hashes. Knows no network and no page.
"""

import gzip
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from base64 import b64encode
from pathlib import Path

from ..labs.export.parts import ExportError

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"

FILES = {
    "script": "ort.webgpu.min.js",
    "module": "ort-wasm-simd-threaded.asyncify.mjs",
    "wasm": "ort-wasm-simd-threaded.asyncify.wasm",
}
"""Names in the package: the build that has both ways of computing."""

SHA256 = {
    "script": "7d65dad7eb4564ad98db9924a259af2e2c68ebfbdbf254fa5d728f1c5736e07a",
    "module": "3d1c85995364bb643302fc6fd877a0c3ba5ae72401815e0f24828a53d9191e28",
    "wasm": "39f9f0894d478800487ed9f7dbe92618498db320cf55c8e3d89adff8dce658da",
}

LICENSE = f"{PACKAGE} {VERSION}: Copyright (c) Microsoft Corporation, MIT License"


def packed() -> str:
    """A script that sets `RUNTIME`: the two scripts as text, and the program zipped, in base64.

    As a script it opens in a folder without a server too, where browsers let no page read other
    files. Raises ExportError where npm is missing or brings something else.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise ExportError(
            f"A page without a server takes {PACKAGE} along, which npm brings; install Node.js, "
            "of which npm is a part."
        )
    with tempfile.TemporaryDirectory(prefix="cyclegan-runtime-") as folder:
        command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--prefer-offline", "--silent"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            said = " ".join(done.stderr.split())[:300] or f"exit code {done.returncode}"
            raise ExportError(f"npm could not bring {PACKAGE} {VERSION}: {said}")
        return _script(_read(next(Path(folder).glob("*.tgz"))))


def _read(archive: Path) -> dict[str, bytes]:
    found = {}
    with tarfile.open(archive) as tar:
        for key, name in FILES.items():
            data = tar.extractfile(f"package/dist/{name}").read()
            if hashlib.sha256(data).hexdigest() != SHA256[key]:
                raise ExportError(
                    f"npm brought a {name} that is not that of {PACKAGE} {VERSION}; nothing was "
                    "written."
                )
            found[key] = data
    return found


def _script(found: dict[str, bytes]) -> str:
    zipped = gzip.compress(found["wasm"], 9, mtime=0)
    runtime = {
        "version": VERSION,
        "script": found["script"].decode(),
        "module": found["module"].decode(),
        "wasm": b64encode(zipped).decode(),
    }
    return f"// {LICENSE}\nwindow.RUNTIME = {json.dumps(runtime)};\n"
