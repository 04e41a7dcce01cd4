"""One thread, so that the suite is as quick on a busy machine and its sums have one order."""

import torch

torch.set_num_threads(1)
