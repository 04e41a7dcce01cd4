"""Translator: what one checkpoint makes of an item, in every direction that its method has.

Items in, items out (pictures, if the medium is pictures); the caller never sees a tensor, unless it
asks `passes` for a batch. Networks are loaded once and never changed, so any number of threads may
use one Translator.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .. import lessons
from ..core import figures, images, pictures
from ..core.config import DIRECTIONS, MEDIA, Direction, medium_of
from ..core.media import PICTURES, Medium
from ..methods import View
from ..methods.method import has_input, latents_of, show, wanted
from ..store.checkpoints import Checkpoint, CheckpointError
from . import closer, inside, strips
from .inside import Box

LONGEST_SIDE = 512
"""Pixels; a picture with a longer side is reduced before it is translated, unless asked not to be.
What is larger goes through the networks by strips."""

BATCH = 32
"""Samples that are made at once."""

JUDGED = 512
"""Pixels; a discriminator judges tiles of the training's size, or of this one if that is larger."""

LARGEST_SIDE = 4096
"""Pixels; the most that `longest_side` may be. The paper's networks stay below 4 GB up to there."""


@dataclass(frozen=True)
class Translation:
    """What one variant makes of one item x (for direction "yx", read y, F and G swapped).

    views: by the keys of the method's views: "original" is x as the networks saw it, "made" G(x),
        "back" F(G(x)), "same" F(x); pictures are RGB or grey, of one size.
    figures: those that need no truth, by key: "cycle_error" is the mean |F(G(x)) − x| in 0–255
        units, "identity_error" the mean |F(x) − x|.
    named: by key of view, what the method's classifier of its side says it shows: a share for each
        kind, together 1. Empty without classifiers.
    What the checkpoint has no network for is not there, and None as an attribute.
    """

    views: Mapping[str, Any]
    figures: Mapping[str, float]
    named: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def original(self) -> Any:
        return self.views.get("original")

    @property
    def translation(self) -> Any:
        return self.views.get("made")

    @property
    def reconstruction(self) -> Any:
        return self.views.get("back")

    @property
    def identity(self) -> Any:
        return self.views.get("same")

    @property
    def cycle_error(self) -> float | None:
        return self.figures.get("cycle_error")

    @property
    def identity_error(self) -> float | None:
        return self.figures.get("identity_error")


class Translator:
    """Runs the networks of one checkpoint.

    checkpoint: its model is moved to `device`. Raises CheckpointError where its networks are for
    another medium than its data.
    """

    def __init__(self, checkpoint: Checkpoint, device: torch.device | str = "cpu"):
        self.config = checkpoint.config
        self.model = checkpoint.model.to(device)
        self.method = self.model.method
        self.device = torch.device(device)
        self.medium: Medium = lessons.of(self.config).medium
        kind, own = self.config.generator.kind, self.medium.name
        if self.method.media and {kind, own} & {*MEDIA, *MEDIA.values()} and medium_of(kind) != own:
            raise CheckpointError(
                f"The {kind} networks of this checkpoint are for {medium_of(kind)}, and its data "
                f"are {own}."
            )

    @property
    def is_deep(self) -> bool:
        """Whether what goes in or comes out is more than 8-bit pictures in grey or RGB."""
        sides = self.config.ranges.x, self.config.ranges.y
        channels = self.config.channels.x, self.config.channels.y
        return any(sides) or any(count not in images.MODES for count in channels)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions that this checkpoint translates in."""
        return tuple(d for d in DIRECTIONS if any(view.key == "made" for view in self.views(d)))

    def views(self, direction: Direction = "xy") -> tuple[View, ...]:
        """What it can show in a direction: the method's views for which its networks are there."""
        _check(direction)
        found, missing = [], set()
        for view in self.method.views(self.config, direction):
            absent = any(self.model[role] is None for role in view.roles)
            if absent or missing & set(view.names):
                missing.add(view.key)
            else:
                found.append(view)
        return tuple(found)

    def _views(self, direction: Direction) -> tuple[View, ...]:
        if direction not in self.directions and direction in DIRECTIONS:
            raise ValueError(f"This checkpoint has no generator for the direction {direction}.")
        return self.views(direction)

    def channels(self, direction: Direction) -> int:
        """Of what goes in."""
        return self.config.channels.x if direction == "xy" else self.config.channels.y

    def unlike(self, item: Any, direction: Direction = "xy") -> str:
        """A sentence on an item that is unlike what its networks learned from, or ""."""
        made = next(view for view in self._views(direction) if view.key == "made")
        kept = self.medium.kept(item, self.channels(direction))
        return self.medium.unlike(kept, self.model[made.network])

    def judge(self, direction: Direction) -> torch.nn.Module | None:
        """The discriminator that scores translations of this direction, or None."""
        _check(direction)
        role = self.method.judge(direction)
        return self.model[role] if role else None

    def multiple(self, direction: Direction) -> int:
        """Pixels of which the networks of a direction take multiples."""
        networks = [self.model[view.network] for view in self._views(direction) if view.network]
        return max(getattr(network, "multiple", 1) for network in networks)

    def latents(self, views: tuple[View, ...], count: int, seed: int = 0) -> dict[str, Tensor]:
        """(count, …) numbers for every latent that the views take; the same for the same seed."""
        random = torch.Generator().manual_seed(seed)
        return {
            name: self.method.latent(name, self.config, count, random).to(self.device)
            for name in latents_of(views)
        }

    def latents_of(self, direction: Direction = "xy") -> tuple[str, ...]:
        """Names of what it is told beside an item of a direction, and what has many answers: none
        for most methods."""
        return tuple(latents_of(self.views(direction)))

    @torch.inference_mode()
    def styles(self, picture: Image.Image, direction: Direction = "xy") -> dict[str, Tensor]:
        """Latents of a direction, (1, …) each, that its method finds in a picture of the target.

        Empty where it finds none.
        """
        other: Direction = "yx" if direction == "xy" else "xy"
        found: dict[str, Tensor] = {}
        for name, view in self.method.styles(self.config, direction).items():
            views = wanted(self.views(other), view.names)
            network = self.model[next(v for v in views if v.network).network]
            held = images.with_channels(picture, self.channels(other))
            given = {"original": self.medium.fit(images.to_tensor(held).to(self.device), network)}
            given |= self.latents((*views, view), 1)
            found[name] = show((*views, view), self.model.networks, given)[view.key]
        return found

    @property
    def is_from_noise(self) -> bool:
        """Whether it makes its pictures of noise, and so takes none."""
        found = self.directions
        return bool(found) and not any(has_input(self.views(d)) for d in found)

    @torch.inference_mode()
    def samples(
        self, count: int, seed: int = 0, direction: Direction | None = None
    ) -> dict[str, Tensor]:
        """What is made of `count` latents of a seed, by view, (count, C, …) in [-1, 1].

        direction: None for the first it has. Raises ValueError where an input is to be handed over.
        """
        direction = direction or self.directions[0]
        latents = self.latents(self._views(direction), count, seed)
        return self.made_of_latents(latents, direction)

    def kept_samples(self, count: int, seed: int = 0) -> Tensor:
        """(count, C, …) samples as their medium keeps them; raises ValueError as `samples`."""
        return self.medium.to_kept(self.samples(count, seed)["made"])

    @torch.inference_mode()
    def made_of_latents(
        self, latents: Mapping[str, Tensor], direction: Direction
    ) -> dict[str, Tensor]:
        """The views that are made of latents (N, …) by name, in parts of BATCH.

        Raises ValueError where an input is to be handed over.
        """
        views = self._views(direction)
        if has_input(views):
            raise ValueError("This checkpoint makes nothing of noise; it translates.")
        count = len(next(iter(latents.values())))
        parts = [
            show(
                views,
                self.model.networks,
                {name: z[i : i + BATCH].to(self.device) for name, z in latents.items()},
            )
            for i in range(0, count, BATCH)
        ]
        return {view.key: torch.cat([part[view.key] for part in parts]) for view in views}

    @torch.inference_mode()
    def passes(
        self,
        originals: Tensor,
        direction: Direction = "xy",
        keys: Sequence[str] = (),
        given: Mapping[str, Tensor] = MappingProxyType({}),
        truth: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """(N, C, …) in [-1, 1], pictures of any size, to the views that networks make of them.

        keys: of the views, and the method's probes, that are wanted; all views where none are
        named. given: latents by name, instead of drawn ones, and items in the place of views.
        truth: of the originals, for probes that ask for it. What a network says of items is (N,
        numbers). Sizes that the networks do not take are
        padded by reflection and cropped back.
        """
        views = self._views(direction)
        if keys:
            views = wanted((*views, *self.method.probes(self.config, direction)), keys)
        first = next(view for view in views if view.network)
        items = {"original": originals, **({} if truth is None else {"truth": truth})}
        known = {view.key for view in views} | {"truth"}
        items |= {name: one for name, one in given.items() if name in known}
        fitted = {
            name: self.medium.fit(one.to(self.device), self.model[first.network])
            for name, one in items.items()
        }
        own = {name: one.to(self.device) for name, one in given.items() if name not in known}
        given = fitted | self.latents(views, len(originals)) | own
        # Not as one batch: that saves 3 % of a small picture, and costs up to 7 % of a larger one.
        made = show(views, self.model.networks, given)
        found = {view.key: made[view.key] for view in views if view.network}
        return {
            key: one if is_told(one) else self.medium.unfit(one, originals)
            for key, one in found.items()
        }

    def translate(
        self,
        item: Any,
        direction: Direction = "xy",
        longest_side: int = LONGEST_SIDE,
        progress: Callable[[float], None] | None = None,
        latents: Mapping[str, Tensor] = MappingProxyType({}),
    ) -> Translation:
        """Translate one item; a picture is a file or a PIL picture, of any size and mode. An item
        of another medium is what that holds, or a file of it.

        A picture is taken as `pictures.load` takes it: upright, in 8-bit RGB, transparency over
        white; a side above `longest_side` is reduced first. For networks of more bits or other
        bands a file is refused: `as_they_are.translate` takes these.

        A picture still larger than LONGEST_SIDE goes through the networks by strips: the same
        result but for rounding, in a bounded memory. progress: is told the share that is done, up
        to 1. latents: by name, (1, …) each, of a method with many answers; those that `latents`
        draws where none are named. Raises ValueError for a longest side not from 1 to LARGEST_SIDE,
        or for a direction without a generator, and ImageError for what is no picture, or where the
        networks are too wide for so large a one.
        """
        if not 1 <= longest_side <= LARGEST_SIDE:
            raise ValueError(f"longest_side is {longest_side}; valid are 1 to {LARGEST_SIDE}.")
        if self.is_from_noise:
            raise ValueError("This checkpoint takes no picture: it makes them of noise (samples).")
        progress = progress or (lambda share: None)
        if self.medium is PICTURES:
            item = pictures.reduce(self._opened(item, longest_side), longest_side)
            item = images.with_channels(item, self.channels(direction))
        elif isinstance(item, Path | str):
            item = self.medium.opened(Path(item))
        kept = self.medium.kept(item, self.channels(direction))
        made = self.kept_views(kept, direction, progress, latents)
        views = {"original": kept, **made}
        held = {key: self.medium.held(one) for key, one in made.items()}
        shown = {"original": item, **held}
        return Translation(shown, self._measured(views), self._named(shown, direction))

    def kept_views(
        self,
        kept: Tensor,
        direction: Direction = "xy",
        progress: Callable[[float], None] = lambda share: None,
        latents: Mapping[str, Tensor] = MappingProxyType({}),
    ) -> dict[str, Tensor]:
        """What networks make of one kept item, of whatever channels, as kept, by view."""
        if len(kept) != (channels := self.channels(direction)):
            kept = self.medium.kept(self.medium.held(kept), channels)
        kept = self.medium.of_side(kept, int(direction == "yx"))

        def finish(made: Tensor) -> Tensor:
            return self.medium.to_kept(made)[0]

        return self.made_of(kept, direction, finish, progress, latents=latents)

    def _opened(self, item: Path | str | Image.Image, longest_side: int) -> Image.Image:
        """A picture in 8-bit RGB; raises ImageError."""
        is_plain = isinstance(item, Image.Image) and item.mode in images.MODES.values()
        if self.is_deep and not is_plain:
            raise pictures.ImageError(
                "These networks take more than 8-bit pictures in grey or RGB, whose black and "
                "white are their collection's; translate the file by inference.as_they_are."
            )
        return pictures.load(item, longest=longest_side)

    def made_of(
        self,
        kept: Tensor,
        direction: Direction,
        finish: Callable[[Tensor], Any],
        progress: Callable[[float], None] = lambda share: None,
        keys: Sequence[str] = (),
        latents: Mapping[str, Tensor] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """What `finish` makes of every view, a (1, C, …) in [-1, 1], of one item as it is kept.

        keys: as in `passes`. A picture larger than LONGEST_SIDE goes through the networks by
        strips.
        """
        if self.medium is PICTURES and max(kept.shape[1:]) > LONGEST_SIDE:
            return self._by_strips(kept, direction, finish, progress, keys, latents)
        passes = self.passes(self.medium.to_float(kept)[None], direction, keys, latents)
        progress(1.0)
        return {key: finish(made) for key, made in passes.items()}

    def _measured(self, kept: Mapping[str, Tensor]) -> dict[str, float]:
        """Figures of the views of one item that need no truth."""
        arrays = {key: self.medium.arrays(one[None]) for key, one in kept.items()}
        found = {f.key: f.measure(arrays) for f in self.medium.figures}
        return {key: value for key, value in found.items() if value is not None}

    @torch.inference_mode()
    def _named(self, views: Mapping[str, Any], direction: Direction) -> dict[str, tuple]:
        """As in `Translation`, of views as they are shown."""
        found = {}
        for key, role in self.method.namers(direction).items():
            if (network := self.model[role]) is not None and key in views:
                scores = network(images.to_tensor(views[key]).to(self.device))
                found[key] = tuple(scores.softmax(1)[0].tolist())
        return found

    def _by_strips(
        self,
        kept: Tensor,
        direction: Direction,
        finish: Callable[[Tensor], Any],
        progress: Callable[[float], None],
        keys: Sequence[str],
        given: Mapping[str, Tensor],
    ) -> dict[str, Any]:
        """The views one after the other, so that few tensors live at once."""
        views = self._views(direction)
        views = [view for view in (wanted(views, keys) if keys else views) if view.network]
        tensors: dict[str, Tensor] = {}
        latents, made = self.latents(tuple(views), 1) | dict(given), {}

        def taken(one: str | View) -> Tensor:
            if isinstance(one, View):  # Numbers, as an encoder finds them in whole pictures.
                return self.model[one.network](*map(taken, one.of))
            if one == "original":  # Anew each time, as it takes a twentieth of the memory.
                original = self.medium.to_float(kept)[None].to(self.device)
                return self.medium.fit(original, self.model[views[0].network])
            return latents[one] if one in latents else tensors[one]

        for done, view in enumerate(views):
            source, *beside = view.of
            more = [taken(one) for one in beside]
            tensors[view.key] = strips.run(
                partial(_steered, self.model[view.network], more),
                taken(source),
                lambda share, done=done: progress((done + share) / len(views)),
            )
            made[view.key] = finish(images.crop(tensors[view.key], *kept.shape[1:]))
            needed = {name for later in views[done + 1 :] for name in later.names}
            tensors = {key: tensor for key, tensor in tensors.items() if key in needed}
        return made

    @torch.inference_mode()
    def reconstruct(
        self,
        translation: Image.Image,
        direction: Direction = "xy",
        original: Image.Image | None = None,
    ) -> Image.Image:
        """F of a (perhaps disturbed) picture of G(x): the second half of the cycle alone.

        original: x, for a way back that is told more of it than G(x). Raises ValueError where the
        checkpoint has no way back, or this one needs the original.
        """
        back = next((view for view in self._views(direction) if view.key == "back"), None)
        if back is None:
            raise ValueError("This checkpoint has no generator back.")
        if back.of != ("made",) and original is None:
            raise ValueError(f"{back.formula} is made of the original too; hand it over.")
        network = self.model[back.network]
        padded = self.medium.fit(images.to_tensor(translation).to(self.device), network)
        if back.of == ("made",):
            large = max(translation.size) > LONGEST_SIDE
            made = strips.run(network, padded) if large else network(padded)
        else:
            x = self.medium.fit(images.to_tensor(original).to(self.device), network)
            given = {**self.latents((back,), 1), "original": x, "made": padded}
            made = show((back,), self.model.networks, given)["back"]
        return images.to_pictures(images.crop(made, translation.height, translation.width))[0]

    @torch.inference_mode()
    def inside(
        self, made: Mapping[str, Image.Image], view: View, direction: Direction = "xy"
    ) -> inside.Inside:
        """What goes on in the network of a view of a direction while it makes that of pictures, by
        the keys of the views that it takes; latents are those of `translate`."""
        network = self.model[view.network]
        latents = self.latents(self._views(direction), 1)

        def taken(one: str | View) -> Tensor:
            if isinstance(one, View):
                return self.model[one.network](*map(taken, one.of))
            if one in latents:
                return latents[one]
            return self.medium.fit(images.to_tensor(made[one]).to(self.device), network)

        return inside.look(network, *map(taken, view.of))

    @torch.inference_mode()
    def reach_of(self, judge: torch.nn.Module, picture: Image.Image) -> tuple[int, Box]:
        """The side of what one judgement of a discriminator sees, and where that is for the one in
        the middle of a picture: left, top, right, bottom."""
        least = min(self.config.image_size, JUDGED)
        return inside.reach(judge, images.pad(images.to_tensor(picture).to(self.device), 1, least))

    @torch.inference_mode()
    def patch_scores(
        self, translation: Image.Image, direction: Direction = "xy"
    ) -> closer.PatchScores:
        """What the target domain's discriminator gives the patches of `translation`.

        Judged in tiles of the training's size (at most JUDGED), as D learned: its patches have
        always reached over the edge of a tile, and a larger picture's inside looks like none that
        it has seen. Tiles overlap by half, and of each the middle counts, so that none of their
        edges is seen. For a least-squares objective 1 means real and 0 generated. Raises ValueError
        where the checkpoint ships no discriminator.
        """
        judge = self.judge(direction)
        if judge is None:
            raise ValueError(f"The variant {self.config.objective.name} ships no discriminator.")
        half = min(self.config.image_size, JUDGED) // 2
        side = 2 * half
        padded = images.pad(images.to_tensor(translation).to(self.device), half, side)
        # (1, C, rows, columns, side, side) to one batch of tiles
        tiles = padded.unfold(2, side, half).unfold(3, side, half)
        channels, rows, columns = tiles.shape[1:4]
        scores = judge(tiles.permute(0, 2, 3, 1, 4, 5).reshape(-1, channels, side, side))[:, 0]
        if getattr(self.config.objective, "adversarial", "") == "log":
            scores = scores.sigmoid()
        scores = scores.view(rows, columns, *scores.shape[1:]).float().cpu().numpy()
        down, right = (
            _counting(judge.first + judge.stride * np.arange(count), tiled, half, length)
            for count, tiled, length in zip(
                scores.shape[2:], (rows, columns), translation.size[::-1], strict=True
            )
        )
        (row, y, i), (column, x, j) = down, right
        values = scores[row[:, None], column, i[:, None], j]
        return closer.PatchScores(values, y, x)


def is_told(found: Tensor) -> bool:
    """Whether it is what a network says of items, (N, numbers), and no items, (N, C, …)."""
    return found.ndim == 2


def _steered(network: torch.nn.Module, beside: Sequence[Tensor], rows: Any) -> Any:
    """What a network makes of the rows of a picture and what it takes beside it."""
    return network(rows, *beside)


def _counting(
    middles: np.ndarray, tiles: int, half: int, length: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Along one side of a picture: tile, place in the picture, and number in the tile of the
    patches that count: those in the middle of a tile and in the picture, and one at least.

    middles: of the patches, in a tile. tiles: how many, each `half` a tile behind the one before.
    """
    found = [
        (tile, half * tile + middle, number)
        for tile in range(tiles)
        for number, middle in enumerate(middles)
        if (tile == 0 or middle >= half / 2) and (tile == tiles - 1 or middle < 1.5 * half)
    ]
    inside = [one for one in found if one[1] <= length] or found[:1]
    return tuple(map(np.array, zip(*inside, strict=True)))


def _check(direction: str) -> None:
    if direction not in DIRECTIONS:
        raise ValueError(f"direction is {direction!r}; valid are {' and '.join(DIRECTIONS)}.")


def picture_l1(a: Image.Image, b: Image.Image) -> float:
    """Mean absolute difference of two pictures of one size, in 0–255 units."""
    return figures.l1(np.asarray(a), np.asarray(b))
