"""The packages of the extra: arrays, pictures, the recogniser.

They come without usable types and need not be installed where types are checked, so they are
loaded by name and everything that they hand out is Any. `Pixels` says which Any is an array.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

np: Any = import_module("numpy")
cv2: Any = import_module("cv2")

Pixels = Any
"""An array of bytes: (height, width), or (height, width, 3) for colours in the order red, green, blue."""


def rapidocr() -> Any:  # noqa: ANN401  a module without types
    """Return the recogniser's package; it takes seconds to load."""
    return import_module("rapidocr")
