"""CycleGAN (Zhu et al. 2017, arXiv 1703.10593): train it, load it, and see what each loss does."""

import os

# Tensors of 2 MiB and more in huge pages, where Linux has them: PyTorch asks when it allocates its
# first one. Otherwise fresh 4-KiB pages take up to a third of a large picture's processor time.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
