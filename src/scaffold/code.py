"""The text of a proposed warehouse: plain Python that a person reads and edits."""

from __future__ import annotations

import json

from src.contract.source import ORIGIN
from src.contract.types import Type
from src.scaffold.describe import meaning, pii
from src.scaffold.keys import PLACE
from src.scaffold.look import Field, Seen
from src.scaffold.plan import Link, Plan

TYPES = ("BIGINT", "BOOLEAN", "DATE", "INTEGER", "SMALLINT", "TIMESTAMP", "decimal", "varchar")


def source_file(seen: Seen, plan: Plan) -> str:
    """src/transforms/<warehouse>/staged/<source>.py."""
    measures = {one.name for one in plan.measures_of(seen.name)} if seen.name in plan.facts else ()
    lines = [_staged_column(one, seen, plan, one.name in measures) for one in seen.fields]
    checks = _checks(seen)
    body = "".join(
        [
            f'    name="{seen.name}",\n',
            f"    files={_quoted(seen.files)},\n",
            f"    also_named={_tuple(seen.also_named)},\n" if seen.also_named else "",
            f'    grain="{_grain(seen)} and version",\n',
            '    format="json",\n' if seen.is_json else "",
            f"    explode={_quoted(seen.explode)},\n" if seen.explode else "",
            # The rows of a file have no key: a new version of the file replaces them all.
            '    delivery="events",\n' if seen.is_keyless else "",
            f"    key={_tuple(seen.key)},\n",
            f'    business_time="{seen.business_time}",\n' if seen.business_time else "",
            f"    look_up={_tuple(look_up)},\n" if (look_up := _look_up(seen, plan)) else "",
            f"    checks=({checks}),\n" if checks else "",
            f"    columns=(\n{''.join(lines)}    ),\n",
        ]
    )
    imports = "from src.contract.checks import Holds\n" if checks else ""
    return (
        f'"""Staged {seen.name}: {_plain(_grain(seen))} and version."""\n\n{imports}'
        "from src.contract.column import Column\nfrom src.contract.source import Source\n"
        f"{_types_of(body)}\n\n{seen.name.upper()} = Source(\n{body})\n"
    )


def _grain(seen: Seen) -> str:
    if seen.explode:
        return f"one of the {seen.explode} in a record of {seen.files}"
    return f"one row of {seen.files}"


def _plain(text: str) -> str:
    """The text as it may stand in a docstring and in a comment in SQL."""
    return text.replace("\\", " ").replace('"', "'")


def _quoted(text: str) -> str:
    """The text as a literal of Python."""
    return json.dumps(text, ensure_ascii=False)


def _look_up(seen: Seen, plan: Plan) -> tuple[str, ...]:
    own = [name for name in seen.key if name not in PLACE]
    return tuple(dict.fromkeys([*own, *[one.column for one in plan.links_of(seen.name)]]))


def _staged_column(one: Field, seen: Seen, plan: Plan, additive: bool) -> str:
    in_key = one.name in seen.key and not one.of_element
    parts = [f'"{one.name}"', one.kind.code, _quoted(meaning(one, seen, plan))]
    if in_key:
        parts.append("nullable=False")
    if pii(one):
        parts.append(f'pii="{pii(one)}"')
    if one.header != one.name:
        parts.append(f"header={_quoted(one.header)}")
    if one.kind.written:
        parts.append(f'written="{one.kind.written}"')
    if additive:
        parts.append("additive=True")
    return f"        Column({', '.join(parts)}),\n"


def _checks(seen: Seen) -> str:
    if not seen.explode:
        return ""
    place = next(one.name for one in seen.fields if one.header == f"{seen.explode}[]")
    elements = {one.name for one in seen.fields if one.of_element}
    inner = [name for name in seen.key if name in elements and name != place]
    return "".join(
        f"Holds({_quoted(f'each of {_plain(seen.explode)} has its {name}')}, "
        f'"{place} IS NULL OR {name} IS NOT NULL"),'
        for name in inner
    )


def dimension_file(seen: Seen, plan: Plan) -> str:
    """src/transforms/<warehouse>/dim_<source>.py."""
    table = plan.table(seen.name)
    key = f"{seen.name}_key"
    named = plan.names_of(seen.name)
    links = {link.column: link for link in plan.links_of(seen.name)}
    columns = [f'        Column("{key}", BIGINT, "surrogate key", nullable=False),\n']
    select = [f'        surrogate_key({_list(seen.key)}).alias("{key}"),\n']
    for one in seen.fields:
        if one.name in links:
            link = links[one.name]
            columns.append(_key_column(link))
            select.append(f'        reference_key("{one.name}").alias("{link.key}"),\n')
        columns.append(_star_column(one, seen, plan))
        select.append(f'        "{one.name}",\n')
    columns.append('        Column("is_inferred", BOOLEAN, "no row of its own", nullable=False),\n')
    select.append(
        '        "is_inferred",\n' if named else '        F.lit(False).alias("is_inferred"),\n'
    )
    inputs = [f'        Input("{seen.name}", key={_tuple(seen.key)}),\n'] + [
        f'        Input("{link.child}", key=("{link.column}",)'
        + ("" if link.child == seen.name else ', versions="all"')
        + "),\n"
        for link in named
    ]
    params = list(dict.fromkeys([seen.name, *[link.child for link in named]]))
    own = f"{seen.name}.select({_list(tuple(one.name for one in seen.fields))})"
    if named:
        others = ", ".join(_named(link, seen) for link in named)
        rows = f"with_inferred({own}, {others}, key=[{_list(seen.key)}])"
    else:
        rows = own
    says = "one that only other rows name is inferred" if named else "none is named elsewhere"
    body = (
        f"{table.upper()} = Table(\n"
        f'    name="{table}",\n    kind="dimension",\n    grain={_quoted(_plain(_grain(seen)))},\n'
        f"    columns=(\n{''.join(columns)}    ),\n"
        f'    primary_key=("{key}",),\n    natural_key={_tuple(seen.key)},\n'
        f'    replace_by="{key}",\n    replace_natural={_tuple(seen.key)},\n'
        f"    inputs=(\n{''.join(inputs)}    ),\n"
        f"{_references(list(links.values()), plan)}"
        f'    distribution=Distribution("ALL"),\n    sort_key=("{key}",),\n)\n\n\n'
        f"def {table}({', '.join(f'{name}: DataFrame' for name in params)}) -> DataFrame:\n"
        f'    """One row a {seen.name}; {says}.\n\n'
        "    Takes the latest version of its own source, every version of those that name it.\n"
        '    """\n'
        f"    members = {rows}\n"
        f"    return members.select(\n{''.join(select)}    )\n"
    )
    return _module(f"{table}: {_plain(_grain(seen))}", body)


def _named(link: Link, seen: Seen) -> str:
    key = seen.key[0]
    if link.column == key and link.child != seen.name:
        return link.child
    return f'{link.child}.select(F.col("{link.column}").alias("{key}"))'


def fact_file(seen: Seen, plan: Plan) -> str:
    """src/transforms/<warehouse>/fact_<source>.py."""
    table = plan.table(seen.name)
    links = {link.column: link for link in plan.links_of(seen.name)}
    measures = {one.name for one in plan.measures_of(seen.name)}
    record = record_key(seen)
    by = f"{seen.name}_key"
    key = f"{seen.name}_row_key" if seen.explode else by
    columns = [f'        Column("{key}", BIGINT, "surrogate key of the row", nullable=False),\n']
    select = [f'        surrogate_key({_list(seen.key)}).alias("{key}"),\n']
    if seen.explode:
        columns.append(
            f'        Column("{by}", BIGINT, "surrogate key of the record", nullable=False),\n'
        )
        select.append(f'        surrogate_key({_list(record)}).alias("{by}"),\n')
    time = plan.time_of(seen.name)
    references = []
    if time:
        columns.append(
            f'        Column("date_key", INTEGER, "day of {time.name}", nullable=False),\n'
        )
        at = f'F.col("{time.name}")'
        if plan.is_epoch(seen, time):
            unit = "millis" if plan.in_milliseconds(seen, time) else "seconds"
            at = f'F.timestamp_{unit}("{time.name}")'
        select.append(f'        date_key({at}).alias("date_key"),\n')
        references.append(
            '        Reference("date_key", "dim_date", "date_key", severity="warn"),\n'
        )
    for origin in ORIGIN:
        if origin.name in seen.key:
            columns.append(
                f'        Column("{origin.name}", {_code(origin.type)}, "{origin.description}", '
                "nullable=False),\n"
            )
            select.append(f'        "{origin.name}",\n')
    for one in seen.fields:
        if one.name in links:
            columns.append(_key_column(links[one.name]))
            select.append(f'        reference_key("{one.name}").alias("{links[one.name].key}"),\n')
        columns.append(_star_column(one, seen, plan, one.name in measures, one.name in record))
        select.append(f'        "{one.name}",\n')
    checks = "".join(
        f'        SumReconciles("{name}", "{seen.name}", "{name}"),\n' for name in sorted(measures)
    )
    body = (
        f"{table.upper()} = Table(\n"
        f'    name="{table}",\n    kind="fact",\n    grain={_quoted(_plain(_grain(seen)))},\n'
        f"    columns=(\n{''.join(columns)}    ),\n"
        f'    primary_key=("{key}",),\n    natural_key={_tuple(seen.key)},\n'
        f'    replace_by="{by}",\n    replace_natural={_tuple(record)},\n'
        f'    inputs=(Input("{seen.name}", key={_tuple(record)}),),\n'
        f"{_references(list(links.values()), plan, references)}"
        + (f"    checks=(\n{checks}    ),\n" if checks else "")
        + f'    distribution=Distribution("KEY", "{by}"),\n'
        + ('    sort_key=("date_key",),\n' if time else f'    sort_key=("{by}",),\n')
        + ")\n\n\n"
        f"def {table}({seen.name}: DataFrame) -> DataFrame:\n"
        f'    """{_plain(_grain(seen)).capitalize()}. Takes the latest version."""\n'
        f"    return {seen.name}.select(\n{''.join(select)}    )\n"
    )
    return _module(f"{table}: {_plain(_grain(seen))}", body)


def record_key(seen: Seen) -> tuple[str, ...]:
    """The part of the key that names a whole record."""
    inner = {one.name for one in seen.fields if one.of_element}
    return tuple(name for name in seen.key if name not in inner)


def _code(kind: Type) -> str:
    return kind.name.upper() if not kind.args else f"{kind.name}({', '.join(map(str, kind.args))})"


def _key_column(link: Link) -> str:
    return f'        Column("{link.key}", BIGINT, "{link.parent} of the row", nullable=False),\n'


def _star_column(
    one: Field, seen: Seen, plan: Plan, additive: bool = False, required: bool = False
) -> str:
    parts = [f'"{one.name}"', one.kind.code, _quoted(meaning(one, seen, plan))]
    if required:
        parts.append("nullable=False")
    if pii(one):
        parts.append(f'pii="{pii(one)}"')
    if additive:
        parts.append("additive=True")
    return f"        Column({', '.join(parts)}),\n"


def _references(links: list[Link], plan: Plan, first: list[str] | None = None) -> str:
    found = list(first or [])
    for link in links:
        # A foreign key needs a parent that is there before it, with a row for each key.
        loose = link.parent in plan.facts or plan.goes_back(link)
        warn = ', severity="warn"' if loose else ""
        found.append(
            f'        Reference("{link.key}", "{plan.table(link.parent)}", '
            f'"{link.parent}_key"{warn}),\n'
        )
    return f"    references=(\n{''.join(found)}    ),\n" if found else ""


def init_file(name: str, plan: Plan) -> str:
    """src/transforms/<warehouse>/__init__.py."""
    package = f"src.transforms.{name}"
    tables = [plan.table(one) for one in plan.tables]
    imports = [
        f"from {package}.{table} import {table.upper()}, {table}\n" for table in sorted(tables)
    ] + [f"from {package}.staged.{one} import {one.upper()}\n" for one in sorted(plan.seen)]
    pairs = "".join(f"        ({table.upper()}, {table}),\n" for table in tables)
    sources = "".join(f"        {one.upper()},\n" for one in plan.seen)
    return (
        f'"""{name}: to be described."""\n\n'
        "from src.contract.warehouse import Warehouse\n"
        "from src.transforms.dates import DIM_DATE, dim_date\n"
        f"{''.join(imports)}\n"
        f"{name.upper()} = Warehouse(\n"
        f'    name="{name}",\n    description="to be described",\n'
        f"    sources=(\n{sources}    ),\n"
        f"    tables=(\n        (DIM_DATE, dim_date),\n{pairs}    ),\n)\n"
    )


def _module(title: str, body: str) -> str:
    """The body under the imports that it uses."""
    spark = ["from pyspark.sql import DataFrame"]
    if "F." in body:
        spark.append("from pyspark.sql import functions as F")
    own = []
    if "SumReconciles" in body:
        own.append("from src.contract.checks import SumReconciles")
    own.append("from src.contract.column import Column")
    names = [n for n in ("Distribution", "Input", "Reference", "Table") if f"{n}(" in body]
    own.append(f"from src.contract.table import {', '.join(names)}")
    own.append(_types_of(body).strip())
    keys = [n for n in ("date_key", "reference_key", "surrogate_key") if f"{n}(" in body]
    own.append(f"from src.transforms.keys import {', '.join(keys)}")
    if "with_inferred(" in body:
        own.append("from src.transforms.members import with_inferred")
    head = "\n".join(spark) + "\n\n" + "\n".join(own)
    return f'"""{title}."""\n\n{head}\n\n{body}'


def _types_of(body: str) -> str:
    used = [kind for kind in TYPES if f" {kind}," in body or f" {kind}(" in body]
    return f"from src.contract.types import {', '.join(used)}\n"


def _tuple(names: tuple[str, ...]) -> str:
    return "(" + "".join(f'"{name}", ' for name in names).rstrip(" ") + ")"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
