"""Where networks run: one choice of device for every door.

Knows PyTorch's devices; nothing of what runs there.
"""

import torch

from .config import ConfigError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose(name: str = "auto") -> torch.device:
    """The named device, or the best one there is; raises ConfigError where it is missing."""
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(kind for kind, available in there.items() if available)
    if not there.get(name):
        have = ", ".join(kind for kind, available in there.items() if available)
        raise ConfigError(f"PyTorch finds no {name} device here; available: {have}.")
    return torch.device(name)


def quick_precision(device: torch.device) -> str:
    """What is faster on a device: "bfloat16" where it multiplies matrices of it, else "float32".

    That is so on GPUs from NVIDIA's Ampere on and on CPUs with AMX; elsewhere, where bfloat16 is
    emulated, it is slower.
    """
    if device.type == "cuda":
        quick = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = getattr(torch.cpu, "get_capabilities", dict)()  # Older ones lack it.
        quick = device.type == "cpu" and capabilities.get("amx_bf16", False)
    return "bfloat16" if quick else "float32"
