"""Faces without ↔ with glasses, 16 pixels a side: DiceBear's Pixel Art.

`read` opens what ships in `pictures/`; `pack` wrote it, from what `sources` draws.
"""
