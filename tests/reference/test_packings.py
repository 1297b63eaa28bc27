"""Packings of safetensors: values equal those of the libraries that write them, alone and in whole models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from reference_data import FIXTURES
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from test_families import CASES, make_reference, prompt
from transformers.integrations.finegrained_fp8 import Fp8Dequantize
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

from engine.api import ModelFileError, UnsupportedModelError
from engine.model import load_model, open_blueprint
from engine.quants.packed import RowPacked, stacked
from engine.quants.packings import PACKINGS, packing_of
from engine.quants.source import Source

FILES = sorted((Path(__file__).parent / "data" / "packings").glob("*.safetensors"))


def source_of(path: Path, tensors: dict[str, torch.Tensor]) -> tuple[str, Source]:
    with safe_open(path, "pt") as file:
        settings = json.loads(file.metadata()["settings"])
    found = packing_of({"quantization_config": settings})
    assert found is not None
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    return found[0], Source(found[1], shapes, tensors.__getitem__)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_values_equal_those_of_the_library(path: Path) -> None:
    tensors = load_file(path)
    name, source = source_of(path, tensors)
    packed = PACKINGS[name](source, "proj")
    assert packed is not None
    expected = tensors["expected"].float()
    rtol = 1e-2 if tensors["expected"].dtype == torch.bfloat16 else 2e-6  # what the library rounds to

    def equal(found: torch.Tensor, wanted: torch.Tensor) -> bool:
        return torch.allclose(found, wanted, rtol=rtol, atol=1e-7)

    assert packed.shape == tuple(expected.shape)
    assert equal(packed.dequantize(), expected)
    assert equal(packed.narrow_rows(8, 16).narrow_rows(0, 8).dequantize(), expected[8:16])
    assert equal(packed.rows(torch.tensor([[3], [0]]))[:, 0], expected[[3, 0]])
    assert packed.nbytes < expected.nbytes
    assert PACKINGS[name](source, "other") is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_stacked_matrices_keep_their_values(path: Path) -> None:
    name, source = source_of(path, load_file(path))
    one = PACKINGS[name](source, "proj")
    assert one is not None
    both = stacked([one.narrow_rows(0, 8), one.narrow_rows(8, 8)])
    assert (both is not None) == isinstance(one, RowPacked)
    if isinstance(both, RowPacked):
        assert torch.equal(both.rows(torch.tensor([1, 0, 1]))[1:], both.dequantize())
        assert torch.equal(both.dequantize().flatten(0, 1), one.dequantize()[:16])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_part_of_another_shape_is_refused(path: Path) -> None:
    tensors = load_file(path)
    for part in tensors:
        if part == "expected" or "quant_state" in part or part.endswith("weight_shape"):
            continue
        damaged = {**tensors, part: tensors[part].flatten().repeat(3)}
        name, source = source_of(path, damaged)
        with pytest.raises((ModelFileError, UnsupportedModelError)):
            PACKINGS[name](source, "proj")


def test_the_table_of_packings_has_reference_values() -> None:
    covered = {source_of(path, load_file(path))[0] for path in FILES}
    assert covered | {"fp8", "fbgemm_fp8", "mxfp4"} == set(PACKINGS)  # the others are compared in whole models below


def repack(folder: Path, settings: dict[str, Any], change: Any, *, key: str = "quantization_config") -> None:
    """Rewrite a model's weights with `change(name, tensor) -> {name: tensor}`."""
    tensors: dict[str, torch.Tensor] = {}
    for name, tensor in load_file(folder / "model.safetensors").items():
        tensors |= change(name, tensor)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, key: settings}))


def same_logits(packed: Path, plain: Path) -> bool:
    found, expected = load_model(packed), load_model(plain)
    a, b = found.forward(prompt()), expected.forward(prompt())
    found.close()
    expected.close()
    return float((a - b).abs().max() / b.abs().max()) <= 1e-5


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two copies of the tiny Llama."""
    for name in ("packed", "plain"):
        shutil.copytree(FIXTURES / "models" / "llama", tmp_path / name)
    return tmp_path / "packed", tmp_path / "plain"


@pytest.mark.parametrize("block", [[16, 32], None])
def test_a_model_in_float8_equals_its_values_by_transformers(
    block: list[int] | None, folders: tuple[Path, Path]
) -> None:
    packed, plain = folders
    scales: dict[str, torch.Tensor] = {}

    def pack(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
        if "_proj" not in name:
            return {name: tensor}
        height, width = block or (tensor.shape[0], tensor.shape[1])
        rows, columns = -(-tensor.shape[0] // height), -(-tensor.shape[1] // width)
        scales[name] = torch.rand(rows, columns, generator=torch.manual_seed(len(scales))) + 0.5
        return {name: tensor.to(torch.float8_e4m3fn), f"{name}_scale_inv": scales[name]}

    def unpack(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
        if name not in scales:
            return {name: tensor}
        height, width = block or (tensor.shape[0], tensor.shape[1])
        rows, columns = -(-tensor.shape[0] // height) * height, -(-tensor.shape[1] // width) * width
        full = torch.zeros(rows, columns)
        full[: tensor.shape[0], : tensor.shape[1]] = tensor.to(torch.float8_e4m3fn).float()
        values = Fp8Dequantize(None)._dequantize_one(full.to(torch.float8_e4m3fn), scales[name], torch.float32)
        return {name: values[: tensor.shape[0], : tensor.shape[1]]}

    repack(packed, {"quant_method": "fp8", "weight_block_size": block}, pack)
    repack(plain, {}, unpack)
    assert same_logits(packed, plain)


def test_a_model_packed_by_mlx_runs_with_its_packed_embedding(folders: tuple[Path, Path]) -> None:
    """Packed here as MLX does (the values are compared above), embedding and head included, one layer in 8 bits."""
    packed, plain = folders
    values: dict[str, torch.Tensor] = {}

    def bits_of(name: str) -> int:
        return 8 if ".layers.1." in name else 4

    def pack(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
        if tensor.dim() != 2:
            return {name: tensor}
        bits = bits_of(name)
        groups = tensor.reshape(tensor.shape[0], -1, 32)
        low = groups.amin(-1, keepdim=True)
        step = (groups.amax(-1, keepdim=True) - low) / ((1 << bits) - 1)
        numbers = ((groups - low) / step).round().to(torch.uint8).reshape(tensor.shape)
        values[name] = (numbers.reshape(groups.shape).float() * step + low).reshape(tensor.shape)
        if bits == 4:
            numbers = numbers[:, 0::2] | (numbers[:, 1::2] << 4)
        stem = name.removesuffix(".weight")
        offsets = {f"{stem}.scales": step[..., 0], f"{stem}.biases": low[..., 0]}
        return {name: numbers.contiguous().view(torch.uint32), **offsets}

    own = {f"model.layers.1.{part}": {"bits": 8} for part in layer_parts(packed)}
    repack(packed, {"group_size": 32, "bits": 4, **own}, pack, key="quantization")
    repack(plain, {}, lambda name, tensor: {name: values.get(name, tensor)})
    assert same_logits(packed, plain)
    assert open_blueprint(packed).info(load_model(packed).tokenizer).quantisation == "mlx"


def layer_parts(folder: Path) -> set[str]:
    names = load_file(folder / "model.safetensors")
    return {name.split(".", 3)[3].removesuffix(".weight") for name in names if ".layers.1." in name}


@torch.no_grad()
def test_gpt_oss_in_mxfp4_equals_its_values_by_transformers(tmp_path: Path) -> None:
    model_type, settings = CASES["gpt_oss"]
    random = torch.Generator().manual_seed(1)
    for name in ("packed", "plain"):
        (tmp_path / name).mkdir()
        make_reference(model_type, settings, tmp_path / name, attention="eager")
    stored: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def pack(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
        if not name.endswith(("gate_up_proj", "down_proj")) or tensor.dim() != 3:
            return {name: tensor}
        experts, inputs, outputs = tensor.shape
        blocks = torch.randint(0, 256, (experts, outputs, inputs // 32, 16), dtype=torch.uint8, generator=random)
        scales = torch.randint(121, 125, (experts, outputs, inputs // 32), dtype=torch.uint8, generator=random)
        stored[name] = blocks, scales
        return {f"{name}_blocks": blocks, f"{name}_scales": scales}

    def unpack(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
        return {name: convert_moe_packed_tensors(*stored[name], dtype=torch.float32) if name in stored else tensor}

    repack(tmp_path / "packed", {"quant_method": "mxfp4"}, pack)
    repack(tmp_path / "plain", {}, unpack)
    assert stored
    assert same_logits(tmp_path / "packed", tmp_path / "plain")
