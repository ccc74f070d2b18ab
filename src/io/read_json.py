"""JSON files as records with their physical line: the shape that read_csv gives CSV files.

A record is one object. Its numbers are read as the text that stands in the file and never as a
double: Spark's parser would make 12.1 of 12.10 and 1000.0 of 1e3, so numbers are put in quotes
before it sees them. A value that is itself an object or an array reaches its cell as JSON text.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from src.contract.source import plain_name
from src.frames import look_up
from src.io.json_head import JsonHead, JsonLayout
from src.io.line_text import is_blank, is_utf8
from src.io.raw_files import raw_id
from src.io.read_csv import Block, numbered_lines
from src.io.split_document import split_document
from src.io.store import Store, escape_glob

# All that is no number up to the next number, then the number. Possessive throughout: Java's
# regular expressions overflow their stack where they have to remember how they came here.
_NUMBER = (
    r'\G((?:[^"0-9-]++|-(?![0-9])|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+)'
    r"(-?(?:0|[1-9][0-9]*+)(?:[.][0-9]++)?+(?:[eE][+-]?+[0-9]++)?+)(?![0-9.eE])"
)

# Whether each escaped half of a character has its other half beside it. Spark makes ? of one alone.
_WHOLE_CHARACTERS = (
    r"^(?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}"
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*+$"
)

# For each column the keys under which it may stand.
Spelled = tuple[tuple[str, tuple[str, ...]], ...]

# What Spark's parser would take beside JSON: text in single quotes, NaN and Infinity.
_STRICT = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}


def records(
    spark: SparkSession, store: Store, heads: list[JsonHead], by_file: dict[int, list[Block]]
) -> DataFrame:
    """One row a record of the files, which share one layout; one row an element where exploded.

    Columns as read_csv.records: raw_id, raw_line, raw, lines, broken, cells. ``lines`` counts
    each physical line once, at the first row of its record; ``raw`` stands there only.
    """
    layout = heads[0].layout
    blocks = [block for head in heads for block in by_file[raw_id(head.stored)]]
    if layout.shape == "document":
        whole = _parts(spark, store, heads, blocks)
    else:
        lines = numbered_lines(spark, store, heads, blocks)
        whole = lines.where(~is_blank(F.col("value"))).select(
            "raw_id", "raw_line", F.col("value").alias("raw"), F.lit(1).alias("lines")
        )
    return _cells(whole, layout)


def _parts(
    spark: SparkSession, store: Store, heads: list[JsonHead], blocks: list[Block]
) -> DataFrame:
    """The objects of documents, each document split by one task."""
    urls = [escape_glob(store.url(head.stored.path)) for head in heads]
    texts = spark.read.text(urls, wholetext=True).select(
        F.col("value").cast("binary").alias("content"),
        F.col("_metadata.file_path").alias("url"),
    )
    ids = sorted({(block.url, block.raw_id) for block in blocks})
    named = look_up(texts, ["url"], ids, "url string, raw_id long")
    parts = named.rdd.flatMap(
        lambda row: [
            (row["raw_id"], part.line, bytearray(part.raw), part.lines)
            for part in split_document(bytes(row["content"]))
        ]
    )
    schema = StructType(
        [
            StructField("raw_id", LongType()),
            StructField("raw_line", LongType()),
            StructField("raw", BinaryType()),
            StructField("lines", IntegerType()),
        ]
    )
    frame = spark.createDataFrame(parts, schema, verifySchema=False)
    return frame.withColumn("raw", F.col("raw").cast("string"))


def _cells(whole: DataFrame, layout: JsonLayout) -> DataFrame:
    """Read each record's object and say why it cannot be read."""
    columns = layout.columns
    keys = _wanted(columns)
    quoted = F.regexp_replace("raw", _NUMBER, '$1"$2"')
    # In brackets: of {"a":1}{"a":2} the parser would read the first object and drop the second.
    listed = F.concat(F.lit("["), F.col("quoted"), F.lit("]"))
    parsed = (
        whole.withColumn("quoted", quoted)
        .withColumn("objects", F.from_json(listed, _texts([*keys, *layout.explode]), _STRICT))
        .withColumn("object", _numbered(F.col("objects")[0], len(keys) + len(layout.explode)))
    )
    given = F.json_object_keys("quoted")
    ends = F.trim(F.translate("raw", "\t\r\n", "   "))
    places = {key: f"c{place}" for place, key in enumerate(keys)}
    found, doubled = _values(columns, lambda key: F.col("object")[places[key]])
    broken = (
        F.when(~is_utf8(F.col("raw")), F.lit("broken UTF-8: expected UTF-8 text"))
        .when(
            F.col("object").isNull()
            | (F.size("objects") != 1)
            | ~(ends.startswith("{") & ends.endswith("}")),
            F.lit("not one whole JSON object: expected an object that starts and ends here"),
        )
        .when(
            (F.size(given) != F.size(F.array_distinct(given))) | doubled,
            F.lit("a key that stands twice: expected each key once"),
        )
    )
    cells = _named(found, columns, layout)
    broken = _no_text(broken, cells).when(*_no_object(found, columns, layout))
    broken = broken.when(*_spelled_anew(given, [*keys, *layout.explode]))
    kept = ["raw_id", "raw_line", "raw", "lines"]
    if not layout.explode:
        return parsed.select(*kept, broken.alias("broken"), F.struct(*cells).alias("cells"))
    array = F.coalesce(*[F.col("object")[f"c{len(keys) + n}"] for n in range(len(layout.explode))])
    broken = broken.when(*_elements_elsewhere(given, keys, layout))
    told = parsed.select(*kept, broken.alias("broken"), *cells, array.alias("array text"))
    return _exploded(told, layout)


def _texts(keys: list[str]) -> ArrayType:
    """An array of objects, of which these keys are wanted, as text."""
    return ArrayType(StructType([StructField(key, StringType()) for key in keys]))


def _numbered(value: SparkColumn, width: int) -> SparkColumn:
    """The object with its fields named by place: keys may differ in letter case alone."""
    return value.cast("struct<" + ", ".join(f"c{n}: string" for n in range(width)) + ">")


def _wanted(columns: Spelled) -> list[str]:
    """The keys to look for, each once: several columns may lie in the object under one key."""
    return list(dict.fromkeys(key for _, spelled in columns for key in spelled))


def _values(
    columns: Spelled, value_of: Callable[[str], SparkColumn]
) -> tuple[list[SparkColumn], SparkColumn]:
    """The text of each column, and whether one stands under two of its keys."""
    found = []
    doubled = F.lit(False)
    for _, spelled in columns:
        texts = [value_of(key) for key in spelled]
        found.append(F.coalesce(*texts))
        for n, text in enumerate(texts[1:], start=1):
            doubled = doubled | (text.isNotNull() & F.coalesce(*texts[:n]).isNotNull())
    return found, doubled


def _named(found: list[SparkColumn], columns: Spelled, layout: JsonLayout) -> list[SparkColumn]:
    """The texts under their columns' names; what lies in an object is taken from it."""
    paths = dict(layout.inner)
    return [
        (F.get_json_object(text, paths[name]) if name in paths else text).alias(name)
        for text, (name, _) in zip(found, columns, strict=True)
    ]


def _no_text(broken: SparkColumn, cells: list[SparkColumn]) -> SparkColumn:
    """What was found broken, and where a cell holds what is no text in UTF-8 or in Redshift.

    Whether the record has any such escape is told by its own text, at a glance.
    """
    texts = F.concat_ws("", *cells)
    return broken.when(
        (F.instr("raw", "\\u0000") > 0) & (F.instr(texts, "\0") > 0),
        F.lit("a NUL character: expected text"),
    ).when(
        ((F.instr("raw", "\\ud") > 0) | (F.instr("raw", "\\uD") > 0))
        & (F.instr(texts, "?") > 0)
        & ~F.col("raw").rlike(_WHOLE_CHARACTERS),
        F.lit("half a character, one of \\ud800 to \\udfff alone: expected text"),
    )


def _no_object(
    found: list[SparkColumn], columns: Spelled, layout: JsonLayout
) -> tuple[SparkColumn, SparkColumn]:
    """Whether another value stands where columns lie in an object, and the sentence for it."""
    paths = dict(layout.inner)
    inside = [
        (text, spelled[0])
        for text, (name, spelled) in zip(found, columns, strict=True)
        if name in paths
    ]
    wrong = F.lit(False)
    for text, _ in inside:
        wrong = wrong | F.coalesce(~F.ltrim(text).startswith("{"), F.lit(False))
    keys = ", ".join(dict.fromkeys(key for _, key in inside))
    return wrong, F.lit(f"{keys}: expected an object")


def _spelled_anew(given: SparkColumn, known: list[str]) -> tuple[SparkColumn, SparkColumn]:
    """Whether a wanted key is spelled as nowhere in the file's head, and the sentence for it.

    Its value would be taken for missing.
    """
    wanted = {plain_name(key) for key in known}
    new = F.filter(
        given,
        lambda key: (
            ~key.isin(known)
            & F.lower(F.regexp_replace(key, r"(?U)[\W_]+", "")).isin(sorted(wanted))
        ),
    )
    said = F.concat(
        F.lit("a key spelled otherwise than at the file's start: "), F.concat_ws(", ", new)
    )
    return F.size(new) > 0, said


def _elements_elsewhere(
    given: SparkColumn, keys: list[str], layout: JsonLayout
) -> tuple[SparkColumn, SparkColumn]:
    """Whether a record without the array has another of objects, and the sentence for it."""
    arrays = F.from_json("quoted", "map<string,string>")
    other = F.map_filter(
        arrays,
        lambda key, value: ~key.isin([*keys, *layout.explode]) & value.rlike(r"^\s*\[\s*\{"),
    )
    without = ~F.arrays_overlap(given, F.array(*[F.lit(key) for key in layout.explode]))
    said = F.concat(
        F.lit(f"no {layout.explode[0]}, and an array of objects elsewhere: "),
        F.concat_ws(", ", F.map_keys(other)),
    )
    return without & (F.size(other) > 0), said


def _exploded(told: DataFrame, layout: JsonLayout) -> DataFrame:
    """One row an element of the array; one row a record that has none or is broken."""
    text = F.col("array text")
    # Read once, as maps: they keep a key that stands twice.
    elements = told.withColumn(
        "elements", F.from_json(text, "array<map<string,string>>")
    ).withColumn(
        "broken",
        F.when(F.col("broken").isNotNull(), F.col("broken"))
        .when(
            text.isNotNull() & (F.col("elements").isNull() | ~F.ltrim(text).startswith("[")),
            F.lit(f"{layout.explode[0]}: expected an array of objects"),
        )
        .when(*_spelled_anew(_keys_inside("elements"), _wanted(layout.elements)))
        .when(
            F.exists("elements", _has_doubled),
            F.lit(f"a key that stands twice in {layout.explode[0]}: expected each key once"),
        ),
    )
    names = [name for name, _ in layout.columns]
    rows = elements.select(
        "raw_id",
        "raw_line",
        "raw",
        "lines",
        "broken",
        *names,
        F.posexplode_outer(F.when(F.col("broken").isNull(), F.col("elements"))).alias(
            "place", "element"
        ),
    )
    first = F.coalesce("place", F.lit(0)) == 0
    found, doubled = _values(layout.elements, lambda key: F.col("element")[key])
    inner = _named(found, layout.elements, layout)
    wrong = F.when(doubled, F.lit("a key that stands twice: expected each key once"))
    wrong = _no_text(wrong, inner).when(*_no_object(found, layout.elements, layout))
    if layout.place:
        inner.append((F.col("place") + 1).cast("string").alias(layout.place))
    return rows.select(
        "raw_id",
        "raw_line",
        F.when(first, F.col("raw")).alias("raw"),
        F.when(first, F.col("lines")).otherwise(0).alias("lines"),
        F.coalesce("broken", wrong).alias("broken"),
        F.struct(*names, *inner).alias("cells"),
    )


def _keys_inside(elements: str) -> SparkColumn:
    """All keys of the elements, each once."""
    return F.array_distinct(F.flatten(F.transform(elements, F.map_keys)))


def _has_doubled(entry: SparkColumn) -> SparkColumn:
    keys = F.map_keys(entry)
    return F.size(keys) != F.size(F.array_distinct(keys))
