"""The data as files: JSON, CSV for spreadsheets, and test results as JUnit XML."""

from __future__ import annotations

from structurer.export.csv_files import as_csv, guarded
from structurer.export.json_file import as_json
from structurer.export.junit import Case, Suite, as_junit
from structurer.export.writing import check, clear, remove, write

__all__ = ["Case", "Suite", "as_csv", "as_json", "as_junit", "check", "clear", "guarded", "remove", "write"]
