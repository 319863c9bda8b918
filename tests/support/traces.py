"""Traces: what of a secret would be found in a saved notebook, however it came in there."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator

_PIECE = 48


def traces_of(secret: str | bytes) -> set[str]:
    """A password as it is; a file line by line; and both in base64, as widgets save what is uploaded, piece by piece."""
    data = secret.encode() if isinstance(secret, str) else secret
    lines = [line for line in data.decode(errors="ignore").splitlines() if line and not line.startswith("-----")]
    return {json.dumps(line)[1:-1] for line in lines} | set(_pieces(data))


def found_in(text: str, *secrets: str | bytes) -> list[str]:
    """The traces of secrets in a text."""
    return sorted(trace for secret in secrets for trace in traces_of(secret) if trace in text)


def _pieces(data: bytes) -> Iterator[str]:
    """Base64 of each three bytes depends on where they begin: there are three ways to write a piece."""
    for start in range(0, len(data), _PIECE):
        for shift in range(3):
            piece = data[start + shift : start + _PIECE]
            whole = piece[: len(piece) // 3 * 3]
            if len(whole) >= 6:
                yield b64encode(whole).decode()
