"""DeepSeek V3 and R1: V2 with experts that a learned bias picks by their sigmoid scores."""

from __future__ import annotations

from engine.models.deepseek_v2 import SETTINGS, build_v3, names
from engine.models.family import Family

# GGUF files of V3 call themselves deepseek2: deepseek_v2 tells them apart.
FAMILY = Family(name="deepseek_v3", model_types=("deepseek_v3",), build=build_v3, settings=SETTINGS, names=names)
