"""Aggregates that sort, and functions that pass over nulls: PostgreSQL has them in part only.

MEDIAN, PERCENTILE_CONT and PERCENTILE_DISC pick from an array of the sorted values, LISTAGG joins
them. As window functions they are fed by a window that sorts and spans its whole partition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from src.standin.refusal import SYNTAX, Refusal
from src.standin.syntax import split_list, word
from src.standin.tokens import Edits, Token, close_parenthesis

SORTED_AGGREGATES = {"MEDIAN", "PERCENTILE_CONT", "PERCENTILE_DISC", "LISTAGG"}
NULLS_IGNORING = {"FIRST_VALUE", "LAST_VALUE", "NTH_VALUE", "LAG", "LEAD"}

FRAMED = {
    "SUM", "AVG", "COUNT", "MAX", "MIN", "STDDEV", "STDDEV_SAMP", "STDDEV_POP", "VARIANCE",
    "VAR_SAMP", "VAR_POP", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE",
}  # fmt: skip
"""Window functions that Redshift does not let sort their window without a frame."""

_WHOLE = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"

Edited = Callable[[Sequence[Token]], str]


def refuse_window(words: Sequence[Token], at: int) -> None:
    """Refuse the call of a window function at ``at`` as Redshift does; raises Refusal."""
    name = words[at].word
    if name not in FRAMED and name not in ("LAG", "LEAD"):
        return
    close = close_parenthesis(words, at + 1)
    opening = close + 1
    while word(words, opening) in ("IGNORE", "RESPECT", "NULLS"):
        opening += 1
    if word(words, opening) != "OVER" or word(words, opening + 1) != "(":
        return
    if name in ("LAG", "LEAD") and len(split_list(words, at + 1, close)) > 2:
        raise Refusal(
            f"Default parameter not be supported for window function {name.lower()}",
            hint=f"write NVL({name}(…) OVER (…), default)",
        )
    depth, said = 0, set()
    for token in words[opening + 2 : close_parenthesis(words, opening + 1)]:
        depth += (token.word == "(") - (token.word == ")")
        if depth == 0:
            said.add(token.word)
    if name in FRAMED and "ORDER" in said and not said & {"ROWS", "RANGE", "GROUPS"}:
        raise Refusal(
            "Aggregate window functions with an ORDER BY clause require a frame clause",
            SYNTAX,
            hint="ROWS UNBOUNDED PRECEDING sums up to the row, row by row",
        )


def edit_sorted_aggregate(words: Sequence[Token], at: int, edits: Edits, edited: Edited) -> None:
    """Replace the call at ``at``, with its WITHIN GROUP and OVER; raises Refusal."""
    name = words[at].word
    close = close_parenthesis(words, at + 1)
    if close >= len(words):
        return
    first = at + 2
    distinct = "DISTINCT " if word(words, first) == "DISTINCT" else ""
    arguments = split_list(words, at + 1, close)
    if distinct or word(words, first) == "ALL":
        arguments[0] = (first + 1, arguments[0][1])
    values = [edited(words[start:stop]) for start, stop in arguments]
    end, order = close, ""
    if word(words, close + 1) == "WITHIN" and word(words, close + 2) == "GROUP":
        end = close_parenthesis(words, close + 3)
        if end >= len(words):
            return
        order = edited(words[close + 6 : end])  # behind WITHIN GROUP ( ORDER BY
    over = None
    if word(words, end + 1) == "OVER" and word(words, end + 2) == "(":
        opening, end = end + 2, close_parenthesis(words, end + 2)
        over = edited(words[opening + 1 : end])
        if distinct:
            raise Refusal(f"the stand-in has no {name} of DISTINCT values as a window function")
    if end >= len(words) or not values[0]:
        return
    if name == "LISTAGG":
        text = _listagg(values, order, distinct, over)
    else:
        value, fraction = (values[0], "0.5") if name == "MEDIAN" else (_key(order), values[0])
        if not value:
            return
        pick = "pick_disc" if name == "PERCENTILE_DISC" else "pick_cont"
        array = f"array_remove({_array(value, order or value, distinct, over)}, NULL)"
        text = f"standin.{pick}({array}, {fraction})"
    edits.replace(words[at], words[end], text)


def _key(order: str) -> str:
    """The one expression that is sorted by, without its direction."""
    parts = order.split()
    while parts and parts[-1].upper() in ("ASC", "DESC"):
        parts.pop()
    return " ".join(parts)


def _array(value: str, order: str, distinct: str, over: str | None) -> str:
    if over is None:
        by = f" ORDER BY {order}" if order else ""
        return f"array_agg({distinct}{value}{by})"
    return f"array_agg({value}) OVER ({_window(over, order)})"


def _window(over: str, order: str) -> str:
    return f"{over} {f'ORDER BY {order} ' if order else ''}{_WHOLE}"


def _listagg(values: list[str], order: str, distinct: str, over: str | None) -> str:
    delimiter = values[1] if len(values) > 1 else "''"
    if over is not None:
        window = f"OVER ({_window(over, order)})"
        return f"standin.fitting(standin.listagg(({values[0]})::text, {delimiter}) {window})"
    if distinct:
        # In PostgreSQL too DISTINCT goes with the order of the values themselves only.
        if order and _key(order) != values[0]:
            raise Refusal("the stand-in has no LISTAGG of DISTINCT values in another order",
                          hint="take the distinct values in a subquery")  # fmt: skip
        array = _array(values[0], order, distinct, None)
        return f"standin.fitting(standin.joined({array}, {delimiter}))"
    by = f" ORDER BY {order}" if order else ""
    return f"standin.fitting(standin.listagg(({values[0]})::text, {delimiter}{by}))"


def edit_ignored_nulls(words: Sequence[Token], at: int, edits: Edits, edited: Edited) -> None:
    """IGNORE NULLS inside or behind the parentheses of a window function; raises Refusal."""
    name = words[at].word
    close = close_parenthesis(words, at + 1)
    inside = word(words, close - 1) == "NULLS" and word(words, close - 2) in ("IGNORE", "RESPECT")
    behind = word(words, close + 2) == "NULLS" and word(words, close + 1) in ("IGNORE", "RESPECT")
    if close >= len(words) or not (inside or behind):
        return
    mark = close - 2 if inside else close + 1
    opening = close + (4 if behind else 2)
    if word(words, mark) == "RESPECT":
        edits.replace(words[mark], words[mark + 1], "")
        return
    end = close_parenthesis(words, opening)
    if word(words, opening - 1) != "OVER" or end >= len(words):
        return
    arguments = [
        edited(words[start:stop]) for start, stop in split_list(words, at + 1, mark if inside
                                                               else close)
    ]  # fmt: skip
    over = edited(words[opening + 1 : end])
    place = arguments[1] if len(arguments) > 1 else "1"
    if name == "LAG":
        over, place = f"{over} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING", f"-({place})"
    elif name == "LEAD":
        over = f"{over} ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING"
    elif name == "LAST_VALUE":
        place = "-1"
    array = f"array_agg({arguments[0]}) FILTER (WHERE ({arguments[0]}) IS NOT NULL) OVER ({over})"
    edits.replace(words[at], words[end], f"standin.pick({array}, {place})")
