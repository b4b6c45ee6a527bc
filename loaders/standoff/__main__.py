"""The command `standoff`, also as `python -m standoff`."""

from __future__ import annotations

from standoff.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
