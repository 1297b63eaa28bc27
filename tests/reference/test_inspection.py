"""What a look inside shows, against transformers: hidden states, the lens's logits, attention weights, scores."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from reference_data import FIXTURES
from test_families import CASES, make_reference, prompt

from engine.alternatives import unpack
from engine.inspection.look import look, recurrent_layers
from engine.model import load_model
from engine.scoring import read, score

TOLERANCE = 1e-4
TOKENS = 40  # behind the windows of 12
# softcaps, windows, sinks, ALiBi, latents, experts, positions without rotation, layers without attention
FAMILIES = (
    *("llama", "qwen3", "mistral", "gemma2", "gemma3", "gpt2", "mixtral", "qwen2_moe", "bloom", "mpt", "gpt_oss"),
    *("deepseek_v2", "olmo2", "phi", "cohere2", "ministral3", "lfm2", "mamba"),
)
NORMS = ("norm", "ln_f", "norm_f", "final_layernorm", "embedding_norm")  # what families call their last one


@pytest.fixture(scope="module", params=FAMILIES)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What transformers says of a text, and our look at the same one, in two steps of the cache."""
    model_type, settings = CASES[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    theirs = make_reference(model_type, settings, folder, attention="eager")
    has_attention = model_type != "mamba"
    with torch.no_grad():
        how = {"output_attentions": True} if has_attention else {}
        expected = theirs(prompt(TOKENS), output_hidden_states=True, **how)
    ours = load_model(folder)
    ids = prompt(TOKENS)[0].tolist()
    cache = ours.decoder.new_cache(TOKENS)
    read(ours, ids[:17], cache)
    yield theirs, expected, ours, look(ours, ids, cache=cache)
    ours.close()


def between(expected: Any) -> torch.Tensor:
    """Transformers' outputs [L - 1, E] of all layers but the last, of the last token; Mamba's have no embedding."""
    has_embedding = hasattr(expected, "attentions")
    return torch.stack(expected.hidden_states[1:-1] if has_embedding else expected.hidden_states[:-2])[:, 0, -1]


def deviation(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found - expected).abs().max() / expected.abs().max())


def test_the_layers_put_out_what_those_of_transformers_do(pair: Any) -> None:
    """But for the last, whose output transformers gives behind the final norm."""
    _, expected, ours, seen = pair
    hidden = between(expected)
    assert len(seen.hidden) == len(ours.decoder.layers) == len(hidden) + 1
    assert deviation(seen.hidden[:-1], hidden) <= TOLERANCE


def test_behind_the_last_layer_the_lens_shows_the_logits(pair: Any) -> None:
    _, expected, ours, seen = pair
    assert deviation(seen.logits[-1], expected.logits[0, -1]) <= TOLERANCE
    logprobs, ids = seen.guesses(5)
    wanted = expected.logits[0, -1].log_softmax(-1).topk(5)
    assert ids[-1].tolist() == wanted.indices.tolist()
    assert logprobs[-1].tolist() == pytest.approx(wanted.values.tolist(), abs=TOLERANCE * 10)
    assert len(ids) == len(ours.decoder.layers)


def test_between_the_layers_the_lens_is_norm_and_head(pair: Any) -> None:
    theirs, expected, _, seen = pair
    norm = next(module for name in NORMS if (module := getattr(theirs.get_decoder(), name, None)) is not None)
    with torch.no_grad():
        logits = theirs.lm_head(norm(between(expected))) * (getattr(theirs.config, "logit_scale", None) or 1.0)
    if (cap := getattr(theirs.config, "final_logit_softcapping", None)) is not None:
        logits = torch.tanh(logits / cap) * cap
    assert deviation(seen.logits[:-1], logits) <= TOLERANCE


def test_attention_is_that_of_transformers(pair: Any) -> None:
    """softmax(Q K^T / sqrt(d)) of one query over all keys, with all that a family adds to it."""
    _, expected, ours, seen = pair
    theirs = [weights for weights in getattr(expected, "attentions", None) or () if weights is not None]
    layers = set(range(len(ours.decoder.layers))) - set(recurrent_layers(ours))
    assert sorted(seen.attention) == sorted(layers)
    assert len(theirs) == len(layers)
    for layer, weights in zip(sorted(layers), theirs, strict=True):
        assert seen.attention[layer].shape == (weights.shape[1], TOKENS)
        assert float((seen.attention[layer] - weights[0, :, -1]).abs().max()) <= TOLERANCE


def test_every_token_is_scored_as_transformers_would(pair: Any) -> None:
    _, expected, ours, _ = pair
    ids = prompt(TOKENS)[0].tolist()
    records = unpack(b"".join(part.packed() for part in score(ours, ids, first=3)))
    logprobs = expected.logits[0].log_softmax(-1)
    assert [record.token_id for record in records] == ids[3:]
    for at, record in enumerate(records, 2):
        spread = logprobs[at]
        assert record.logprob == pytest.approx(float(spread[ids[at + 1]]), abs=TOLERANCE * 10)
        assert record.entropy == pytest.approx(float(-(spread.exp() * spread).sum()), abs=TOLERANCE * 10)
        assert [one.logprob for one in record.top] == pytest.approx(
            spread.topk(16).values.tolist(), abs=TOLERANCE * 10
        )


def test_a_kept_state_is_not_mistaken_for_attention() -> None:
    model = load_model(FIXTURES / "models" / "llama")
    assert recurrent_layers(model) == ()
    model.close()
