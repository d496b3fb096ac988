"""`checks.toml` to rules: refused when one names a table or a column that does not exist."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from structurer import errors
from structurer.catalog import prose_rules, rule_names
from structurer.catalog.rules import (
    GRAND,
    RELATIONS,
    STANDINGS,
    TOTAL,
    Balance,
    ChangeRule,
    Fact,
    JoinRule,
    MatchRule,
    PairRule,
    Place,
    ProductRule,
    RowRule,
    Rules,
    Schedule,
    Side,
    SumRule,
    WholeRule,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from structurer.catalog.kinds import Kind
    from structurer.catalog.rules import Raw

FILE = "checks.toml"
# The lists of rules that carry an id and a reason each.
_LISTED = ("row", "change", "product", "side", "balance", "match", "whole", "fact", "sum", "pair", "join")


def load(paths: Sequence[Path], kinds: Iterable[Kind]) -> Rules:
    """Read the rules of several files as one; raises CatalogError at the first rule that is wrong.

    Of several kinds with one name, a rule may name the columns of each: it does not hold where they are not.
    """
    columns: dict[str, frozenset[str]] = {}
    for kind in kinds:
        columns[kind.name] = columns.get(kind.name, frozenset()) | _columns(kind)
    anywhere = frozenset[str]().union(*columns.values())
    raw: dict[str, Any] = {}
    for path in paths:
        try:
            for name, value in tomllib.loads(path.read_text("utf-8")).items():
                raw[name] = _added(raw.get(name), value)
            made = _rules(raw, anywhere)
            rule_names.check(made, columns)
            prose_rules.check(made.prose, [fact.id for fact in made.facts], columns)
        except OSError as error:
            raise errors.CatalogError(str(path), error.strerror or "cannot be read") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise errors.CatalogError(str(path), f"not TOML: {error}") from error
        except KeyError as error:
            raise errors.CatalogError(str(path), f"a rule lacks {error}") from error
        except (re.error, TypeError, ValueError, AttributeError) as error:
            raise errors.CatalogError(str(path), str(error)) from error
    return made


def _added(ours: object, more: object) -> object:
    """Return what two files say together: lists are added, members of tables replaced one by one."""
    if isinstance(ours, list) and isinstance(more, list):
        return [*ours, *more]
    if isinstance(ours, dict) and isinstance(more, dict):
        return {**ours, **{name: _added(ours.get(name), value) for name, value in more.items()}}
    return more


def _columns(kind: Kind) -> frozenset[str]:
    """Return every field of a kind, as a path; derived ones too."""
    return frozenset(field.name for field in kind.fields) | {name for name, _ in kind.normalised}


def _rules(raw: Raw, anywhere: frozenset[str]) -> Rules:
    return Rules(
        names=tuple(raw["names"]),
        codes=tuple(raw["codes"]),
        unit_codes=tuple(raw["unit_codes"]),
        unit_names=tuple(raw["unit_names"]),
        unit_suffixes=tuple(raw["unit_suffixes"]),
        aside=frozenset(raw["aside"]),
        rows=tuple(rule for entry in raw["row"] for rule in _row_rules(entry, anywhere)),
        changes=tuple(map(_change, raw["change"])),
        products=tuple(map(_product, raw["product"])),
        sides=tuple(map(_side, raw["side"])),
        balances=tuple(Balance(entry["id"], _half(entry["left"]), _half(entry["right"])) for entry in raw["balance"]),
        matches=tuple(map(_match, raw["match"])),
        wholes=tuple(map(_whole, raw["whole"])),
        facts=tuple(map(_fact, raw["fact"])),
        sums=tuple(SumRule(entry["id"], entry["total"], tuple(entry["parts"])) for entry in raw["sum"]),
        pairs=tuple(map(_pair, raw["pair"])),
        scope=tuple(raw["scope"]["facts"]),
        joins=tuple(map(_join, raw["join"])),
        cards=raw["cards"],
        schedules=(_schedule(raw["schedule"]),),
        mandated={name: tuple(others) for name, others in raw["mandated"].items()},
        prose=prose_rules.from_raw(raw["prose"]),
        reasons=_reasons(raw),
    )


def _reasons(raw: Raw) -> dict[str, dict[str, str]]:
    """Return the reason of each rule by its id; a few rules are members of a table of their own."""
    reasons = {rule["id"]: _reason(rule) for name in _LISTED for rule in raw[name]}
    column, cards, schedule = raw["column"], raw["cards"], raw["schedule"]
    return {
        **reasons,
        **prose_rules.reasons(raw["prose"]),
        "column": _reason(column),
        "of_which": _reason(column, "of_which_"),
        schedule["id"]: _reason(schedule),
        **{cards[f"{name}_id"]: _reason(cards, f"{name}_") for name in ("sum", "annual")},
    }


def _reason(entry: Raw, prefix: str = "") -> dict[str, str]:
    return {language: entry[prefix + language] for language in ("en", "zh")}


def _change(entry: Raw) -> ChangeRule:
    return ChangeRule(entry["id"], entry["change"], entry["before"], entry["rate"], entry["alone"])


def _side(entry: Raw) -> Side:
    marks = re.compile(entry["current"]), re.compile(entry["grand"])
    return Side(entry["id"], tuple(entry["items"]), tuple(entry["columns"]), *marks)


def _match(entry: Raw) -> MatchRule:
    drop = re.compile(entry["drop"]) if "drop" in entry else None
    lists, columns = tuple(entry.get("lists", ())), entry.get("columns", {})
    return MatchRule(entry["id"], entry["key"], tuple(entry["tables"]), lists, columns, drop)


def _whole(entry: Raw) -> WholeRule:
    return WholeRule(entry["id"], entry["key"], entry["whole"], tuple(entry["parts"]), tuple(entry["columns"]))


def _fact(entry: Raw) -> Fact:
    return Fact(
        entry["id"],
        tuple(map(_place, entry["places"])),
        tuple(map(re.compile, entry.get("claims", ()))),
        _one_of(entry.get("standing", "presumed"), STANDINGS),
        bool(entry.get("first", False)),
    )


def _pair(entry: Raw) -> PairRule:
    codes = tuple((left, right) for left, right in entry["codes"])
    return PairRule(entry["id"], _end(entry["left"]), _end(entry["right"]), codes)


def _row_rules(entry: Raw, anywhere: frozenset[str]) -> Iterator[RowRule]:
    """Yield the rule for each prefix; of the parts those that some table has with the prefix."""
    for prefix in entry.get("prefixes", [""]):
        yield RowRule(
            entry["id"],
            prefix + entry["total"],
            tuple(prefix + part for part in entry["parts"] if not prefix or prefix + part in anywhere),
            tuple(entry.get("tables", ())),
            tuple(entry.get("under", ())),
            _one_of(entry.get("relation", "="), RELATIONS),
            _one_of(entry["standing"], STANDINGS) if "standing" in entry else None,
        )


def _product(entry: Raw) -> ProductRule:
    left, right = entry["factors"]
    return ProductRule(entry["id"], entry["total"], (left, right), tuple(entry.get("exact", ())))


def _half(entry: Raw) -> tuple[str, str]:
    return entry["side"], entry["column"]


def _end(entry: Raw) -> tuple[str, str, str]:
    return entry["table"], entry["column"], entry["key"]


def _place(entry: Raw) -> Place:
    row = entry["row"]
    pattern = None if row in {TOTAL, GRAND} else re.compile(row)
    return Place(entry["table"], entry["column"], row, pattern)


def _join(entry: Raw) -> JoinRule:
    return JoinRule(
        entry["id"],
        entry["card"],
        tuple(tuple(path.split("/")) for path in entry["amounts"]),
        tuple(entry["names"]),
        entry["table"],
        entry["column"],
        bool(entry.get("each", False)),
        _one_of(entry.get("relation", "="), RELATIONS),
        _one_of(entry["standing"], STANDINGS),
    )


def _schedule(entry: Raw) -> Schedule:
    return Schedule(entry["id"], entry["card"], entry["under"], (tuple(entry["months"]), tuple(entry["quarters"])))


def _one_of(text: str, known: Sequence[str]) -> str:
    if text not in known:
        message = f"{text!r} is none of {', '.join(known)}"
        raise ValueError(message)
    return text
