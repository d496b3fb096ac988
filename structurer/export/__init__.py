"""The data as files: JSON, and CSV for spreadsheets."""

from __future__ import annotations

from structurer.export.csv_files import as_csv, guarded
from structurer.export.json_file import as_json
from structurer.export.writing import check, clear, remove, write

__all__ = ["as_csv", "as_json", "check", "clear", "guarded", "remove", "write"]
