"""Pictures of outputs: small enough to commit, and looked at as far as a test can look."""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode, b64encode
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

# The browser takes the picture, and reads it too.
_READ = """async png => {
    const bytes = Uint8Array.from(atob(png), letter => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const reader = new FileReader();
    const read = new Promise(done => reader.onload = () => done(reader.result.split(",")[1]));
    reader.readAsDataURL(new Blob([canvas.getImageData(0, 0, image.width, image.height).data]));
    return [image.width, image.height, await read];
}"""
# Blank, or all but: text has more shades than that, and more of the area.
_FEW_COLOURS, _MOST = 8, 0.999


class Picture(NamedTuple):
    """Pixels: height by width by red, green, blue."""

    pixels: NDArray[np.uint8]

    @classmethod
    def taken(cls, page: Page, png: bytes) -> Picture:
        width, height, data = page.evaluate(_READ, b64encode(png).decode())
        return cls(np.frombuffer(b64decode(data), np.uint8).reshape(height, width, 4)[..., :3])

    @property
    def blank(self) -> bool:
        counts = self._counts()
        return len(counts) < _FEW_COLOURS or max(counts.values()) / sum(counts.values()) > _MOST

    @property
    def dark(self) -> bool:
        """Whether most of it is."""
        return float(np.median(self.pixels)) < 128

    def _counts(self) -> dict[int, int]:
        colours, counts = np.unique(_as_numbers(self.pixels), return_counts=True)
        return dict(zip(colours.tolist(), counts.tolist(), strict=True))

    def png(self) -> bytes:
        """With a palette of 256 colours at most; where there are more, neighbouring shades become one."""
        height, width, _ = self.pixels.shape
        for lost in range(8):
            step = 1 << lost
            shades = np.minimum((self.pixels.astype(np.uint32) + step // 2) // step * step, 255)
            colours, which = np.unique(_as_numbers(shades), return_inverse=True)
            if len(colours) <= 256:
                break
        palette = b"".join(colour.to_bytes(3, "big") for colour in colours.tolist())
        rows = np.zeros((height, width + 1), np.uint8)  # each begins with a 0: not filtered
        rows[:, 1:] = which.reshape(height, width)
        head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
        chunks = [(b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )


def _as_numbers(pixels: NDArray[Any]) -> NDArray[np.uint32]:
    red, green, blue = (pixels[..., channel].astype(np.uint32) for channel in range(3))
    return (red << 16 | green << 8 | blue).astype(np.uint32)
