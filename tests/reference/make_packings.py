"""Makes `data/packings/`: one small projection in each packing of safetensors, and its values.

Run by hand: `PYTHONPATH=.:tests python tests/reference/make_packings.py GPTQMODEL AUTOAWQ` with the folders of
their sources, and compressed-tensors, bitsandbytes and mlx installed. The libraries themselves pack or unpack; the
tests read what it wrote.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

TARGET = Path(__file__).parent / "data" / "packings"
OUT, IN, GROUP = 24, 128, 32


def save(name: str, settings: dict[str, Any], tensors: dict[str, Tensor], expected: Tensor) -> None:
    """The projection `proj` as in a checkpoint, its values [out, in] and the settings of config.json."""
    parts = {f"proj.{part}": tensor.contiguous() for part, tensor in tensors.items()}
    parts["expected"] = expected.contiguous()
    save_file(parts, TARGET / f"{name}.safetensors", metadata={"settings": json.dumps(settings)})


def words(*shape: int) -> Tensor:
    return torch.randint(-(1 << 31), (1 << 31) - 1, shape, dtype=torch.int64).int()


def function(path: Path, *names: str) -> dict[str, Any]:
    """Functions of a source file, without importing what the file imports."""
    tree = ast.parse(path.read_text())
    wanted = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in names]
    constants = [
        node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.List | ast.Constant)
    ]
    shift = {"_torch_right_shift": torch.bitwise_right_shift, "_torch_left_shift": torch.bitwise_left_shift}
    namespace: dict[str, Any] = {"t": torch, "torch": torch, **shift}
    exec(compile(ast.Module([*constants, *wanted], []), str(path), "exec"), namespace)
    return namespace


def gptq(sources: Path) -> None:
    found = function(
        sources / "gptqmodel/nn_modules/qlinear/__init__.py",
        *("dequantize_weight", "_dequantize_from_codes", "_init_wf_unsqueeze_buffers"),
    )
    for bits in (2, 3, 4, 8):
        for version in ("gptq", "gptq_v2"):
            groups = IN // GROUP
            out = 32
            zeros = words(groups, out * bits // 32)
            if version == "gptq" and bits != 3:  # no zero is the largest: adding one would run over
                zeros = zeros & sum(((1 << (bits - 1)) - 1) << at for at in range(0, 32, bits))
            elif bits == 3:
                zeros = torch.zeros_like(zeros)
            order = torch.randperm(IN) // GROUP if bits == 4 else torch.arange(IN) // GROUP
            tensors = {
                "qweight": words(IN * bits // 32, out),
                "qzeros": zeros,
                "scales": (torch.rand(groups, out) * 0.02).half(),
                "g_idx": order.int(),
            }
            module = SimpleNamespace(
                **{**tensors, "scales": tensors["scales"].float()},
                bits=bits,
                maxq=(1 << bits) - 1,
                pack_factor=32 // bits,
                pack_dtype_bits=32,
                planar=False,
                enable_wf_unsqueeze=True,
                dequant_dtype=torch.int32,
                in_features=IN,
                _buffers={"wf_unsqueeze_zero": None, "wf_unsqueeze_neg_one": None},
                _wf_device=lambda: torch.device("cpu"),
            )
            found["_init_wf_unsqueeze_buffers"](module)
            module._init_wf_unsqueeze_buffers = lambda: None
            if version == "gptq":  # what convert_gptq_v1_to_v2_format_module does, for each number
                ones = {2: 0x55555555, 3: None, 4: 0x11111111, 8: 0x01010101}[bits]
                if ones is None:
                    continue
                module.qzeros = (zeros.long() + ones).int()
            module._dequantize_from_codes = lambda *a, m=module, **k: found["_dequantize_from_codes"](m, *a, **k)
            settings = {"quant_method": "gptq", "bits": bits, "group_size": GROUP, "checkpoint_format": version}
            save(f"{version}-{bits}", settings, tensors, found["dequantize_weight"](module).t())


def awq(sources: Path) -> None:
    found = function(sources / "awq/utils/packing_utils.py", "dequantize_gemm", "unpack_awq", "reverse_awq_order")
    groups = IN // GROUP
    scales = (torch.rand(groups, OUT) * 0.02).half()
    tensors = {"qweight": words(IN, OUT // 8), "qzeros": words(groups, OUT // 8), "scales": scales}
    expected = found["dequantize_gemm"](tensors["qweight"], tensors["qzeros"], scales.float(), 4, GROUP)
    save("awq", {"quant_method": "awq", "bits": 4, "group_size": GROUP, "version": "gemm"}, tensors, expected.t())


def compressed() -> None:
    from compressed_tensors.compressors import BaseCompressor
    from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme

    weight = torch.randn(OUT, IN) * 0.1
    by_group = {"strategy": "group", "group_size": GROUP}
    groups = IN // GROUP
    for name, form, arguments, count in (
        ("int4-group", "pack-quantized", {"num_bits": 4, **by_group}, groups),
        ("int3-group", "pack-quantized", {"num_bits": 3, **by_group}, groups),
        ("int8-packed", "pack-quantized", {"num_bits": 8, "strategy": "channel"}, 1),
        ("int4-uneven", "pack-quantized", {"num_bits": 4, **by_group, "symmetric": False}, groups),
        ("int8-channel", "int-quantized", {"num_bits": 8, "strategy": "channel"}, 1),
        ("float8-channel", "float-quantized", {"num_bits": 8, "type": "float", "strategy": "channel"}, 1),
    ):
        scheme = QuantizationScheme(targets=["Linear"], weights=QuantizationArgs(**arguments))
        levels = 448 if arguments.get("type") == "float" else (1 << (arguments["num_bits"] - 1)) - 1
        scale = weight.view(OUT, count, -1).abs().amax(-1) / levels
        state = {"weight": weight, "weight_scale": scale}
        if arguments.get("symmetric") is False:
            state["weight_zero_point"] = torch.randint(-3, 4, (OUT, count), dtype=torch.int8)
        compressor = BaseCompressor.get_value_from_registry(form)
        packed = compressor.compress(state, scheme)
        expected = compressor.decompress(packed, scheme)["weight"]
        settings = {
            "quant_method": "compressed-tensors",
            "format": form,
            "config_groups": {"group_0": {"weights": arguments}},
        }
        save(f"compressed-{name}", settings, packed, expected)


def nvfp4() -> None:
    from compressed_tensors.compressors import BaseCompressor
    from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme

    weight = torch.randn(OUT, IN) * 0.1
    arguments = {"num_bits": 4, "type": "float", "strategy": "tensor_group", "group_size": 16}
    scheme = QuantizationScheme(targets=["Linear"], weights=QuantizationArgs(**arguments))
    divisor = 448.0 * 6.0 / weight.abs().max()
    scale = (weight.view(OUT, IN // 16, 16).abs().amax(-1) / 6.0 * divisor).to(torch.float8_e4m3fn)
    state = {"weight": weight, "weight_scale": scale.float(), "weight_global_scale": divisor.reshape(1)}
    compressor = BaseCompressor.get_value_from_registry("nvfp4-pack-quantized")
    packed = compressor.compress(state, scheme)
    expected = compressor.decompress(packed, scheme)["weight"]
    groups = {"group_0": {"weights": arguments}}
    settings = {"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized", "config_groups": groups}
    save("compressed-nvfp4", settings, packed, expected)


def bitsandbytes() -> None:
    from bitsandbytes import functional

    weight = torch.randn(OUT, IN) * 0.1
    for kind in ("nf4", "fp4"):
        for nested in (False, True):
            packed, state = functional.quantize_4bit(
                weight, quant_type=kind, blocksize=64, compress_statistics=nested
            )
            parts = {f"weight.{name}": tensor for name, tensor in state.as_dict(packed=True).items()}
            expected = functional.dequantize_4bit(packed, state)
            settings = {"quant_method": "bitsandbytes", "load_in_4bit": True}
            save(f"bitsandbytes-{kind}{'-nested' if nested else ''}", settings, {"weight": packed, **parts}, expected)
    numbers, scales, _ = functional.int8_vectorwise_quant(weight)
    expected = functional.int8_vectorwise_dequant(numbers, scales)
    save("bitsandbytes-int8", {"quant_method": "bitsandbytes"}, {"weight": numbers, "SCB": scales}, expected)


def mlx() -> None:
    import mlx.core as mx
    import numpy as np

    weight = mx.array((torch.randn(OUT, IN) * 0.1).numpy())
    for bits in (2, 3, 4, 5, 6, 8):
        parts = mx.quantize(weight, group_size=GROUP, bits=bits)
        expected = torch.from_numpy(np.array(mx.dequantize(*parts, group_size=GROUP, bits=bits)))
        tensors = {
            name: torch.from_numpy(np.array(p)) for name, p in zip(("weight", "scales", "biases"), parts, strict=True)
        }
        save(f"mlx-{bits}", {"group_size": GROUP, "bits": bits}, tensors, expected)


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    torch.manual_seed(3)
    gptq(Path(sys.argv[1]))
    awq(Path(sys.argv[2]))
    compressed()
    nvfp4()
    bitsandbytes()
    mlx()
