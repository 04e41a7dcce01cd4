"""A model's networks as files that run without this program: ONNX, and PyTorch's own format.

parts.py      which networks of a model are written, and what goes in and comes out
graphs.py     a network as a graph for pictures of any size, in float32 or float16
convert.py    such a graph as ONNX and as an exported program
check.py      what was written, held against PyTorch on real pictures
card.py       README.md beside the files: what they take and give, with examples
command.py    the command line: `python -m cyclegan.export`
"""
