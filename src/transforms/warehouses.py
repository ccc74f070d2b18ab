"""The warehouses that ship with Starlift; a fourth is a folder and a line here."""

from src.contract.warehouse import Warehouse
from src.errors import UsageError
from src.transforms.chinook import CHINOOK
from src.transforms.ecommerce import ECOMMERCE
from src.transforms.sparkify import SPARKIFY

WAREHOUSES: dict[str, Warehouse] = {
    "chinook": CHINOOK,
    "sparkify": SPARKIFY,
    "ecommerce": ECOMMERCE,
}


def warehouse(name: str) -> Warehouse:
    """The warehouse of that name. Raises UsageError with the known names."""
    if name not in WAREHOUSES:
        raise UsageError(
            "No such warehouse", expected="one of " + ", ".join(WAREHOUSES), found=f"'{name}'"
        )
    return WAREHOUSES[name]
