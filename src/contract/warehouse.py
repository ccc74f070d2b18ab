"""A warehouse: its raw sources and its star tables, each star table with its function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame

from src.contract.source import Source
from src.contract.table import Table
from src.contract.types import Type
from src.errors import ContractError, UsageError

StarFunction = Callable[..., DataFrame]


@dataclass(frozen=True)
class Warehouse:
    """All that the pipeline knows of a warehouse.

    ``tables`` pairs each contract with its function, parents before children. A function takes
    one DataFrame for each distinct source among its table's inputs, by the source's name, and
    settings of the warehouse by theirs (``reporting_currency``). ``has_sample`` says that
    ``starlift sample`` makes raw files of it.
    """

    name: str
    description: str
    sources: tuple[Source, ...]
    tables: tuple[tuple[Table, StarFunction], ...]
    has_sample: bool = False

    def __post_init__(self) -> None:
        sources = {source.name for source in self.sources}
        tables = {table.name for table, _ in self.tables}
        staged = {
            source.name: {column.name: column.type for column in source.staged_columns}
            for source in self.sources
        }
        for table, _ in self.tables:
            unknown = {given.source for given in table.inputs} - sources
            unknown |= {reference.parent for reference in table.references} - tables
            if unknown:
                raise ContractError(
                    f"Table {table.name} names unknown sources or tables: "
                    f"{', '.join(sorted(unknown))}",
                    where=self.name,
                )
            self._refuse_unlike_keys(table, staged)

    def _refuse_unlike_keys(self, table: Table, staged: dict[str, dict[str, Type]]) -> None:
        """Rows are looked up by the driver, by Spark and by Redshift: all must find the same."""
        own = {column.name: column.type for column in table.columns}
        for given in table.inputs:
            if given.key:
                others, names = own, table.replace_natural
            else:
                others, names = staged.get(str(given.through), {}), given.on
            for name, other in zip(given.key or given.on, names, strict=False):
                kind, expected = staged[given.source].get(name), others.get(other)
                if not kind or not expected or kind.sort != expected.sort:
                    raise ContractError(
                        f"Table {table.name} finds rows of {given.source} by {name}, which is not "
                        f"like {other} in {given.through or table.name}",
                        where=self.name,
                        expected=str(expected or "a declared column"),
                        found=str(kind or "no such column"),
                        do="declare both columns, with the same sort of type",
                    )

    @property
    def back_room(self) -> str:
        """The schema where loads are staged and mirrors live; readers need not see it."""
        return f"{self.name}_back"

    def schema_of(self, table: Table) -> str:
        """The schema that holds a table; the front room bears the warehouse's name."""
        return self.back_room if table.room == "back" else self.name

    def source(self, name: str) -> Source:
        return next(source for source in self.sources if source.name == name)

    def is_of_members(self, source: Source) -> bool:
        """Whether the source's keys are those of a dimension, whose members stay when deleted."""
        return any(
            table.kind == "dimension"
            and any(
                given.source == source.name and set(given.key) == set(source.key)
                for given in table.inputs
            )
            for table, _ in self.tables
        )

    def table(self, name: str) -> Table:
        for table, _ in self.tables:
            if table.name == name:
                return table
        raise UsageError(
            "No such table",
            where=self.name,
            expected="one of " + ", ".join(table.name for table, _ in self.tables),
            found=name,
        )
