"""The results of one `check`, one after the other: a bad one does not stop the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from structurer import catalog, check, document, errors, export, report, reread, validate
from structurer.cli import extraction, result_file, running
from structurer.records import Finding, How
from structurer.report import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from structurer.catalog import Catalog
    from structurer.records import Item, Json

# So many places that do not fit the schema are told, and how many more there are.
_MOST_MISFITS = 50
# The kind of a table that fits none.
_UNKNOWN = "unknown"
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Job:
    """What one call asks for."""

    files: tuple[Path, ...]
    source: Path | None
    form: str
    schemas: Path | None


@dataclass(frozen=True, slots=True)
class Done:
    """One result and what was found in it."""

    file: Path
    result: Item
    verification: Mapping[str, Json]
    again: Item | None
    """The same document read again."""


def run(job: Job, lang: str | None) -> int:
    """Check every result and print what was found; return the worst exit code."""
    if job.source is not None and len(job.files) != 1:
        msg = f"--source is the document of one result, and {len(job.files)} are given; check them one by one"
        raise errors.UsageError(msg)
    known = catalog.load(job.schemas)
    messages = running.messages(lang, known)
    codes = [0]
    FORMATS[job.form](_each(job, known, codes), messages)
    return max(codes)


def _each(job: Job, known: Catalog, codes: list[int]) -> Iterator[Done]:
    """Yield what was found in each result, and add its exit code."""
    for path in extraction.once(job.files):
        try:
            result = result_file.read(path)
            again, beside = _again(job.source, result, known) if job.source else (None, [])
            with errors.reading(path):
                verification = verified(result, again, known, beside)
        except errors.StructurerError as error:
            running.complain(str(error))
            codes.append(error.exit_code)
        else:
            codes.append(running.FINDINGS if verification["findings"] else 0)
            yield Done(path, result, verification, again)


def _again(source: Path, result: Item, known: Catalog) -> tuple[Item, list[Finding]]:
    """Return the document read again, and what is to be said of the file itself.

    Of the file that the result was made from only those pages are read that the result was made from.
    """
    with errors.reading(source):
        given = document.source(source).sha256
    ours = _text(result.get("source"), "sha256")
    listed = _records(result.get("source"), "pages") if ours == given else []
    pages = {number for page in listed if isinstance(number := page.get("number"), int)}
    again, opened = extraction.read(source, known, pages or None)
    if ours != given:
        return again, [Finding("other_source", "", None, {"sha256_result": ours, "sha256_file": given})]
    left = {page for page in opened if page is not None} - pages if pages else set()
    facts = {"pages": report.ranges(left), "count": str(len(left))}
    return again, [Finding("pages_left", "", None, facts)] if left else []


def verified(result: Item, again: Item | None, known: Catalog, beside: Iterable[Finding] = ()) -> Item:
    """Return the verification of a result, compared with the same document read again where there is one."""
    # Compared with itself, a result has only what leads nowhere.
    compared = reread.compare(result, result if again is None else again, known)
    found = [*beside, *_misfits(result, known), *_unread(result), *_unknown(result, known), *compared.findings]
    mine = frozenset(reread.figures(result, known)) if again is not None else frozenset[str]()
    second = check.Reread(compared.doubted, mine - compared.doubted)
    return check.verification(result, known, reread=second, found=found)


def _misfits(result: Item, known: Catalog) -> list[Finding]:
    """Return what does not fit the schemas: first the result, then each table and card by its kind."""
    found = list(validate.shape(result, known))
    said = {finding.where for finding in found}
    for root in ("tables", "cards"):
        items = result.get(root)
        if isinstance(items, list):
            found += [misfit for misfit in validate.records(items, root, known) if misfit.where not in said]
    if len(found) > _MOST_MISFITS:
        more = Finding("more_misfits", "", None, {"count": str(len(found) - _MOST_MISFITS)})
        return [*found[:_MOST_MISFITS], more]
    return found


def _unread(result: Item) -> Iterator[Finding]:
    for page in _records(result.get("source"), "pages"):
        how, number, reason = page.get("how"), page.get("number"), str(page.get("reason") or "")
        if how == How.UNREAD.value or (how == How.TEXT.value and reason):
            code = "unread_page" if how == How.UNREAD.value else "distrusted_page"
            yield Finding(code, "", number if isinstance(number, int) else None, {"reason": reason})


def _unknown(result: Item, known: Catalog) -> Iterator[Finding]:
    """Yield again what the reading found, tables that fit no kind; and those whose kind is none that we know."""
    for root in ("tables", "cards"):
        for index, item in enumerate(_records(result, root)):
            pages, kind, where = item.get("pages"), item.get("kind"), f"/{root}/{index}"
            page = pages[0] if isinstance(pages, list) and pages and isinstance(pages[0], int) else None
            if kind == _UNKNOWN:
                yield Finding("unknown_table", where, page, {"title": _text(item, "title")})
            elif isinstance(kind, str) and kind not in known.schemas:
                yield Finding("unknown_kind", where, page, {"kind": kind[:_LONGEST]})


def _text(holder: Json, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


def _records(holder: Json, name: str) -> list[Item]:
    """Return the items of a list, an empty one for what is no object."""
    items = holder.get(name) if isinstance(holder, dict) else None
    return [item if isinstance(item, dict) else {} for item in items] if isinstance(items, list) else []


def _checked(done: Done, messages: report.Messages) -> report.Checked:
    return report.checked(str(done.file), done.result, done.verification, messages, again=done.again)


def _as_text(found: Iterable[Done], messages: report.Messages) -> None:
    with running.printing() as out:
        for done in found:
            terminal.show_check(_checked(done, messages), messages, out)


def _as_json(found: Iterable[Done], _messages: report.Messages) -> None:
    listed: list[Json] = [{"file": str(done.file), "verification": dict(done.verification)} for done in found]
    running.emit(export.as_json(listed))


def _as_markdown(found: Iterable[Done], messages: report.Messages) -> None:
    text = report.as_markdown((_checked(done, messages) for done in found), messages)
    running.emit(text.encode("utf-8", "replace"))


FORMATS: Mapping[str, Callable[[Iterable[Done], report.Messages], None]] = {
    "text": _as_text,
    "json": _as_json,
    "markdown": _as_markdown,
}
