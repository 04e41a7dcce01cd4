"""A dataset of the Hub as a lesson: two columns of pictures, brought here once and taken in.

Knows where what was brought lies; how it is brought is `hub_columns`' business.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

from huggingface_hub import cached_assets_path

from ..core import files
from ..core.config import Channels, Domains, Ranges
from ..store.hub import HubError
from . import hub_columns, intake
from .data import UnpairedData
from .folder import Folder
from .lesson import Lesson

PULLED = "pulled.json"


class HubData(Lesson):
    """`user/name[@revision][:folder][#COLUMN,COLUMN]`, as `train.py --data` takes it.

    Without columns, a dataset with two columns of pictures gives those two in their order.
    """

    domains = Domains("A", "B")

    def __init__(self, name: str):
        self.name = self.title = name

    def open(
        self,
        size: int,
        fit: str,
        channels: Channels | None = None,
        ranges: Ranges | None = None,
    ) -> UnpairedData:
        """Raises HubError and DataError. What was taken in once for a size needs no network."""
        folder, known = self._taken_in(size)
        data = Folder(str(folder)).open(size, fit, channels, ranges)
        said = [f"{self.name} at commit {known['commit'][:7]}.", known.get("taken", "")]
        return replace(data, said=(*filter(None, said), *data.said))

    def _taken_in(self, size: int) -> tuple[Path, dict]:
        """The folder, and what was noted of it: "commit", and in "taken" what was left out."""
        key = hashlib.sha256(f"{self.name} {size}".encode()).hexdigest()[:16]
        kept = cached_assets_path("cyclegan-lesson", namespace="datasets", subfolder=key)
        known = files.read_json(kept / PULLED) if (kept / PULLED).exists() else {}
        bare, columns = hub_columns.split(self.name)
        try:
            fetched = hub_columns.fetch(bare)
        except HubError:
            if known and (kept / known["commit"]).exists():
                return kept / known["commit"], known
            raise
        folder = kept / fetched.commit
        if known.get("commit") != fetched.commit or not folder.exists():
            known = {"name": self.name, "commit": fetched.commit}
            if not folder.exists():
                pictures = fetched.pictures(columns)
                known["taken"] = intake.take_in(folder, *pictures, size).sentence
            files.write_json(kept / PULLED, known)
        return folder, known
