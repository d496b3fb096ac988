"""What the tokens of models cost, as the program knows it: `schemas/prices.toml`."""

from __future__ import annotations

import tomllib
from decimal import Decimal, InvalidOperation

from structurer import errors, resources
from structurer.llm.settings import Price

FILE = "schemas/prices.toml"


def known(model: str) -> Price | None:
    """Return the price of the model of this name or alias, None if there is none; raises CatalogError."""
    path = resources.folder("schemas") / "prices.toml"
    try:
        listed = tomllib.loads(path.read_text("utf-8"))["price"]
        found = next((one for one in listed if model == one["model"] or model in one["aliases"]), None)
        if found is None:
            return None
        return Price(Decimal(found["tokens_in"]), Decimal(found["tokens_out"]), found["currency"])
    except OSError as error:
        raise errors.CatalogError(str(path), error.strerror or "cannot be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.CatalogError(str(path), f"not TOML: {error}") from error
    except (KeyError, TypeError, InvalidOperation) as error:
        raise errors.CatalogError(str(path), f"an entry is no price ({error})") from error
