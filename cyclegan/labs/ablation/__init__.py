"""The ablation laboratory: the same training under many objectives, over several seeds."""
