"""Names of songs, artists, products: encodings repaired, and reduced to what they are matched by.

Pure Spark expressions: logs name more titles than a driver should hold.
"""

from __future__ import annotations

from pyspark.sql import functions as F
from pyspark.sql.column import Column

# The signs that Windows-1252 has where ISO 8859-1 has control characters, and these.
_WINDOWS = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_CONTROLS = (
    "\x80\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8e"
    "\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9e\x9f"
)
# UTF-8 as it looks when each of its bytes was taken for a character; at least one is not ASCII.
_TRAIL = r"[\u0080-\u00BF]"
_BYTES_OF_UTF8 = (
    r"^(?=.*[\u0080-\u00FF])(?s:[\u0000-\u007F]|[\u00C2-\u00DF]" + _TRAIL + r"|\u00E0"
    r"[\u00A0-\u00BF]" + _TRAIL + r"|[\u00E1-\u00EC\u00EE\u00EF]" + _TRAIL + r"{2}|\u00ED"
    r"[\u0080-\u009F]" + _TRAIL + r"|\u00F0[\u0090-\u00BF]" + _TRAIL + r"{2}|[\u00F1-\u00F3]"
    + _TRAIL + r"{3}|\u00F4[\u0080-\u008F]" + _TRAIL + r"{2})*+$"
)  # fmt: skip
# A name was seen encoded three times over; more rounds would only cost.
_ROUNDS = 3


def repaired(text: Column) -> Column:
    """The text with UTF-8 that was encoded twice or more decoded again: BjÃ¶rk becomes Björk.

    Only where it is certain: every character beyond ASCII has to be part of such a sequence, which
    real text does not do by chance. All other text is left as it is.

    >>> names = spark.createDataFrame([("BjÃ¶rk",), ("Björk",), ("Ã",)], "name string")
    >>> [row[0] for row in names.select(repaired(F.col("name"))).collect()]
    ['Björk', 'Björk', 'Ã']
    """
    for _ in range(_ROUNDS):
        as_bytes = F.translate(text, _WINDOWS, _CONTROLS)
        decoded = F.decode(F.encode(as_bytes, "ISO-8859-1"), "UTF-8")
        text = F.when(as_bytes.rlike(_BYTES_OF_UTF8), decoded).otherwise(text)
    return text


def matching_text(text: Column) -> Column:
    """What two spellings of one name have in common: repaired, letters and digits, lower case.

    Accents stay, and no word is dropped: equal texts are the same name written differently, not
    similar names. Null for a text without letters and digits.
    """
    words = F.trim(F.regexp_replace(F.lower(repaired(text)), r"[^\p{L}\p{N}]+", " "))
    return F.when(words != "", words)
