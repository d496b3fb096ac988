"""A language model of random weights, small enough to be made by the test that asks it.

It reads and writes UTF-8 byte by byte and has learned nothing: what it says is noise, in the form that a server holds
it to. The packages it is made with are no part of the project's environment, so they are imported when it is made.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    import gguf
    import numpy as np

    Matrix = list[list[float]]

LAYERS, WIDTH, HEADS, INNER = 2, 64, 4, 128
CONTEXT = 65536
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
# U+2581 is a space in this kind of vocabulary; without it a space in a prompt would be three bytes.
TOKENS = ["<unk>", "<s>", "</s>", "▁", *BYTES]
TYPES = ["UNKNOWN", "CONTROL", "CONTROL", "NORMAL", *["BYTE"] * len(BYTES)]
TEMPLATE = "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}assistant: "
# Random bytes are no text, and a random text has no end: some bytes are likelier than others, by these logits.
LIKELIER = {b'"{': 3.0, b"]}0123456789.": 2.0, bytes(range(128, 256)): -4.0, bytes([*range(32), 127]): -20.0}


def write(path: Path, seed: int) -> None:
    """Write the model that belongs to a seed, in the GGUF format."""
    file_format, arrays = pytest.importorskip("gguf"), pytest.importorskip("numpy")
    writer: gguf.GGUFWriter = file_format.GGUFWriter(path, "llama")
    _describe(writer, [file_format.TokenType[name] for name in TYPES])
    for name, rows in _weights(random.Random(seed)).items():  # noqa: S311  noise, not a secret
        weights: np.ndarray = arrays.array(rows, arrays.float32)
        writer.add_tensor(f"{name}.weight", weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: gguf.GGUFWriter, types: list[gguf.TokenType]) -> None:
    writer.add_name("random")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([0.0] * len(TOKENS))
    writer.add_token_types(types)
    writer.add_unk_token_id(TOKENS.index("<unk>"))
    writer.add_bos_token_id(TOKENS.index("<s>"))
    writer.add_eos_token_id(TOKENS.index("</s>"))
    writer.add_add_space_prefix(value=False)
    writer.add_chat_template(TEMPLATE)


def _weights(noise: random.Random) -> dict[str, Matrix | list[float]]:
    """Return the tensors by name.

    The first coordinate is one in every token and no layer writes to it: what the output reads from it is its bias.
    """

    def matrix(rows: int, columns: int, scale: float = 1.0) -> Matrix:
        return [[noise.gauss(0, scale * columns**-0.5) for _ in range(columns)] for _ in range(rows)]

    ones = [1.0] * WIDTH
    tokens, output = matrix(len(TOKENS), WIDTH, WIDTH**0.5), matrix(len(TOKENS), WIDTH, 2)
    for token, read, bias in zip(tokens, output, _biases(), strict=True):
        token[0], read[0] = 1.0, bias
    weights: dict[str, Matrix | list[float]] = {"token_embd": tokens, "output": output, "output_norm": ones}
    for layer in range(LAYERS):
        block = {
            "attn_norm": ones,
            "attn_q": matrix(WIDTH, WIDTH),
            "attn_k": matrix(WIDTH, WIDTH),
            "attn_v": matrix(WIDTH, WIDTH),
            "attn_output": [[0.0] * WIDTH, *matrix(WIDTH - 1, WIDTH)],
            "ffn_norm": ones,
            "ffn_gate": matrix(INNER, WIDTH),
            "ffn_up": matrix(INNER, WIDTH),
            "ffn_down": [[0.0] * INNER, *matrix(WIDTH - 1, INNER)],
        }
        weights |= {f"blk.{layer}.{name}": values for name, values in block.items()}
    return weights


def _biases() -> list[float]:
    biases = dict.fromkeys(TOKENS, 0.0)
    biases |= {BYTES[byte]: logits for some, logits in LIKELIER.items() for byte in some}
    return list(biases.values())
