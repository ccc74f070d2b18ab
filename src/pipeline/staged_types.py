"""Whether staged files still have the types that their source's contract declares.

Rows stay as they were staged when a contract changes, and Spark reads them as what the contract
says now: text that is no number becomes null without a word. Such files are parsed again first.
"""

from __future__ import annotations

from src.contract.warehouse import Warehouse
from src.errors import CheckRefused
from src.io.columns import unlike_types
from src.io.entry import DataFile
from src.io.lake_state import LakeState
from src.io.store import Store
from src.pipeline.at_once import FILES, at_once
from src.pipeline.restage import of_old_rules


def refuse_changed_types(
    warehouse: Warehouse, store: Store, state: LakeState, command: str
) -> None:
    """Raises CheckRefused where a staged column cannot be read as its contract's type.

    Only files of raw files that other rules staged are looked at, one of each entry: an entry's
    files of a source were written by one contract. ``command`` parses them again.
    """
    asked = [
        (warehouse.source(name), number, file)
        for name in sorted(of_old_rules(warehouse, state))
        for number, file in _one_an_entry(state, name).items()
    ]
    found = at_once(lambda one: unlike_types(store, one[2], one[0].staged_columns), asked, FILES)
    unlike: dict[str, str] = {}
    for (source, number, _), types in zip(asked, found, strict=True):
        for column in source.staged_columns:
            if stored := types.get(column.name):
                unlike.setdefault(
                    f"{source.name}.{column.name}",
                    f"{stored} in the files of entry {number}, {column.type} in the contract",
                )
    if unlike:
        raise CheckRefused(
            "Staged rows are of other types than their contract declares now, and reading them as "
            "those could lose values",
            where="; ".join(unlike),
            found="; ".join(unlike.values()),
            do=f"parse the raw files again with '{command}', then run again",
        )


def _one_an_entry(state: LakeState, source: str) -> dict[int, DataFile]:
    """A live file of the source from each entry that holds any."""
    return {
        number: file for number, file in state.staged.get(source, []) if state.is_live(number, file)
    }
