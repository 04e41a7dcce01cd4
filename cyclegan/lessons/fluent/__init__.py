"""Microsoft's Fluent pictograms in three styles: line drawing, flat and 3D, 64 pixels, with alpha.

`read` opens what ships in `pictures/`; `pack` wrote it, from the packages that `sources` knows.
"""
