"""Checkpoints and sets, other people's weight files, and the Hub to pull them from."""
