"""`python -m structurer` and the command `structurer`: Ctrl-C ends them quietly before anything large is loaded."""

from __future__ import annotations

import os

# What a shell reports for a program ended by Ctrl-C.
_INTERRUPTED = 130
try:
    import signal
except KeyboardInterrupt:
    raise SystemExit(_INTERRUPTED) from None


def main() -> None:
    """Run a command; until it has begun, and once it is done, there is nothing that Ctrl-C would leave half done."""
    # A job in the background ignores it.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    from structurer.cli import app  # noqa: PLC0415  loaded when Ctrl-C is heard

    try:
        app(prog_name="structurer")
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:
            # Python might end itself by the signal instead, if that came while it ran a generated text.
            _end()
        raise


def _end(*_: object) -> None:
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
