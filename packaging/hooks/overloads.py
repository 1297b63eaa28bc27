"""Runs before the packaged Fireside: torch asks for the source of functions that only TorchScript would compile."""

import warnings

warnings.filterwarnings("ignore", message="Unable to retrieve source for @torch.jit._overload")
