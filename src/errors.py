"""The errors a user can cause, each one sentence: what, where, expected, found, what to do."""

from __future__ import annotations

from collections.abc import Sequence

# So many names are shown of what may be thousands.
SHOWN = 20


def listed(names: Sequence[str]) -> str:
    """Names from a user's file, as far as a person reads them.

    >>> listed(["id", "x" * 5000])
    'id, xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    """
    shown = [name if len(name) <= 60 else f"{name[:60]}…" for name in names[:SHOWN]]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(shown) + more


class StarliftError(Exception):
    """Root of every error that Starlift raises on purpose.

    The command line prints the sentence and exits with ``exit_code``; a stack trace is printed
    only for errors that are not of this class, because those are defects of Starlift itself.

    Exit codes: 0 published, 1 refused by a check, 2 wrong usage or setting, 3 failed otherwise.
    """

    exit_code = 3

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        found: str | None = None,
        do: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.expected = expected
        self.found = found
        self.do = do
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """The whole message on one line, parts that are not known left out."""
        text = self.what.rstrip(".")
        if self.where:
            text += f" in {self.where}"
        if self.expected:
            text += f": expected {self.expected}"
            if self.found is not None:
                text += f", found {self.found}"
        elif self.found is not None:
            text += f": found {self.found}"
        text += "."
        if self.do:
            text += f" {self.do[0].upper()}{self.do[1:].rstrip('.')}."
        return " ".join(text.split())


class CheckRefused(StarliftError):
    """A check of severity error failed, or an equation of the accounting does not add up."""

    exit_code = 1


class UsageError(StarliftError):
    """A wrong argument, setting or contract: nothing was read or written."""

    exit_code = 2


class ContractError(UsageError):
    """A declaration that contradicts itself; raised when the declaring module is imported."""


class RawFileRefused(StarliftError):
    """A raw file that cannot be taken as a whole: unreadable, changed while read, no header."""

    exit_code = 1


class LogConflict(StarliftError):
    """Another run took the log number that this run wanted; nothing of this run was lost."""


class LoadFailed(StarliftError):
    """The lake is committed, the warehouse is not: the next load continues from there."""
