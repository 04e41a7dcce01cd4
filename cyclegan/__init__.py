"""CycleGAN (Zhu et al. 2017, arXiv 1703.10593): train it, load it, and see what each loss does."""
