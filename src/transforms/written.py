"""Dates, numbers and codes in the forms of some countries and programs, put into the plain ones.

A source says for each column which form its supplier writes, because 03/04/2024 and 1,234 do not
tell it themselves. What is not in the form goes on as it is and is judged like any other text.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import functions as F
from pyspark.sql.column import Column as SparkColumn

from src.contract.column import Written

_NUMBERED = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?=$|[ T])"
_DAY_MONTH = r"^(\d{1,2})[-. ]+([A-Za-z]{3})[a-z]*[-., ]+(\d{4})(?=$|[ T])"
_MONTH_DAY = r"^([A-Za-z]{3})[a-z]*[-. ]+(\d{1,2})[-., ]+(\d{4})(?=$|[ T])"
_COMPACT = r"^(\d{4})(\d{2})(\d{2})(?=$|[ T])"
# Years of two digits stand behind slashes or names of months: 10-11-12 may be any number.
_SHORT_YEAR = (
    r"^(\d{1,2}/\d{1,2}/|\d{1,2}[-. ]+[A-Za-z]{3}[a-z]*[-., ]+|"
    r"[A-Za-z]{3}[a-z]*[-. ]+\d{1,2}[-., ]+)"
)
_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
_HALF_DAY = r"^(.*[ T])(\d{1,2})(:\d{2}(?::\d{2})?(?:[.]\d+)?) ?([AaPp])[.]?[Mm][.]?$"
_SIGN = r"[$€£¥%]"
WITH_POINT = rf"^([-+]?){_SIGN}? ?([-+]?)((?:\d{{1,3}}(?:,\d{{3}})+|\d*)(?:[.]\d+)?) ?{_SIGN}?$"
WITH_COMMA = (
    rf"^([-+]?){_SIGN}? ?([-+]?)((?:\d{{1,3}}(?:[. '’\u00a0\u202f]\d{{3}})+|\d*)(?:,\d+)?)"
    rf" ?{_SIGN}?$"
)


def in_plain_form(text: SparkColumn, form: Written) -> SparkColumn:
    """The text as an ISO date or time, or as a number with a point and no grouping.

    Dates and times: ``d/m/y``, ``m/d/y`` (also with ``.`` and ``-``), ``month name`` (17-JUN-2003,
    Jan 5, 2020; English), each with a time behind it, also of twelve hours; ``yyyymmdd``. Years of
    two digits are those of 1950 to 2049, as for Oracle's RR. ISO stays ISO. Numbers: ``1,234.5``
    and ``1.234,5`` (also grouped by blanks or apostrophes), a currency or percent sign before or
    behind is left out; null for what is not in that form. Codes: ``number as text`` is 17505 for
    17505.0, as programs write whole numbers in a column that has gaps; ``currency`` has capitals
    for eur (and leaves GBp, which is pence).

    >>> rows = spark.createDataFrame([("7/4/1996 3:05 PM", "-$1,234.50")], "day string, n string")
    >>> rows = rows.select(in_plain_form(F.col("day"), "m/d/y"), in_plain_form(F.col("n"), "1,234.5"))
    >>> list(rows.collect()[0])
    ['1996-7-4 15:05', '-1234.50']
    >>> rows = spark.createDataFrame([("7/4/96", "17-JUN-03 08:15")], "day string, named string")
    >>> rows = rows.select(in_plain_form(F.col("day"), "d/m/y"), in_plain_form(F.col("named"), "month name"))
    >>> list(rows.collect()[0])
    ['1996-4-7', '2003-6-17 08:15']
    >>> rows.select(in_plain_form(F.lit("20240131"), "yyyymmdd")).first()[0]
    '2024-01-31'
    """  # noqa: E501
    if form == "number as text":
        return F.regexp_replace(text, r"^(\d+)[.]0$", "$1")
    if form == "currency":
        return F.when(text.rlike("^[a-z]{3}$"), F.upper(text)).otherwise(text)
    if form == "1,234.5":
        number = F.regexp_replace(text, WITH_POINT, "$1$2$3")
        return F.when(text.rlike(WITH_POINT), F.translate(number, ",", ""))
    if form == "1.234,5":
        number = F.regexp_replace(text, WITH_COMMA, "$1$2$3")
        return F.when(text.rlike(WITH_COMMA), F.translate(number, ",. '’\u00a0\u202f", "."))
    if form == "yyyymmdd":
        return F.regexp_replace(text, _COMPACT, "$1-$2-$3")
    whole_year = _with_century(text)
    if form == "month name":
        day_first = once(whole_year, lambda text: _named(text, _DAY_MONTH, month=2, day=1))
        day = once(day_first, lambda text: _named(text, _MONTH_DAY, month=1, day=2))
    else:
        day = F.regexp_replace(whole_year, _NUMBERED, "$3-$2-$1" if form == "d/m/y" else "$3-$1-$2")
    return once(day, _on_24_hours)


def once(value: SparkColumn, use: Callable[[SparkColumn], SparkColumn]) -> SparkColumn:
    """What ``use`` makes of a value that is computed once a row, however often ``use`` names it.

    A Spark expression that is named several times is computed several times, and expressions of
    expressions multiply.

    >>> rows = spark.createDataFrame([(2,)], "a int")
    >>> rows.select(once(F.col("a") + 1, lambda b: b * b)).collect()[0][0]
    9
    """
    return F.transform(F.array(value), use)[0]


def _with_century(text: SparkColumn) -> SparkColumn:
    recent = F.regexp_replace(text, _SHORT_YEAR + r"([0-4]\d)(?=$|[ T])", "$120$2")
    return F.regexp_replace(recent, _SHORT_YEAR + r"([5-9]\d)(?=$|[ T])", "$119$2")


def _named(text: SparkColumn, pattern: str, *, month: int, day: int) -> SparkColumn:
    place = F.position(F.lower(F.regexp_extract(text, pattern, month)), F.lit(_MONTHS))
    number = ((place + 2) / 3).cast("int")
    date = F.concat_ws(
        "-", F.regexp_extract(text, pattern, 3), number, F.regexp_extract(text, pattern, day)
    )
    is_month = text.rlike(pattern) & (place % 3 == 1)
    return F.when(is_month, F.concat(date, F.regexp_replace(text, pattern, ""))).otherwise(text)


def _on_24_hours(text: SparkColumn) -> SparkColumn:
    hour = F.regexp_extract(text, _HALF_DAY, 2).cast("int")
    after_noon = F.lower(F.regexp_extract(text, _HALF_DAY, 4)) == "p"
    on_24 = hour % 12 + F.when(after_noon, 12).otherwise(0)
    told = F.concat(
        F.regexp_extract(text, _HALF_DAY, 1),
        F.lpad(on_24.cast("string"), 2, "0"),
        F.regexp_extract(text, _HALF_DAY, 3),
    )
    is_half_day = text.rlike(_HALF_DAY) & hour.between(1, 12)
    return F.when(is_half_day, told).otherwise(text)
