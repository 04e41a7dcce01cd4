"""The ablation laboratory: the same training under many objectives, or with other networks and
settings, over several seeds."""
