"""Functions of Redshift that PostgreSQL has not, or has with another result.

The first are in pg_catalog under their own names. The others are in the schema ``standin``, and
expressions.py puts that schema before the name.
"""

from __future__ import annotations

from src.standin.functions_aggregates import AGGREGATES
from src.standin.functions_dates import DATE_FUNCTIONS
from src.standin.functions_dynamic import DYNAMIC_FUNCTIONS
from src.standin.functions_hashes import HASH_FUNCTIONS
from src.standin.functions_super import SUPER_FUNCTIONS
from src.standin.functions_text import TEXT_FUNCTIONS

FUNCTIONS = "".join(
    (DATE_FUNCTIONS, TEXT_FUNCTIONS, HASH_FUNCTIONS, SUPER_FUNCTIONS, AGGREGATES, DYNAMIC_FUNCTIONS)
)
"""SQL that makes them; it can be repeated."""
