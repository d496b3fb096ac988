"""`python -m structurer` is the command `structurer`."""

from __future__ import annotations

from structurer.cli import app

if __name__ == "__main__":
    app(prog_name="structurer")
