"""The warehouses there are: every folder of transforms that declares one; a fourth is a folder.

``src/transforms/chinook`` declares ``CHINOOK``. A folder that is deleted takes nothing else with
it, and one that is new needs no line here.
"""

import pkgutil

import src.transforms
from src.contract.warehouse import Warehouse
from src.errors import UsageError

WAREHOUSES: dict[str, Warehouse] = {
    folder.name: pkgutil.resolve_name(f"src.transforms.{folder.name}:{folder.name.upper()}")
    for folder in pkgutil.iter_modules(src.transforms.__path__)
    if folder.ispkg
}


def warehouse(name: str) -> Warehouse:
    """The warehouse of that name. Raises UsageError with the known names."""
    if name not in WAREHOUSES:
        raise UsageError(
            "No such warehouse", expected="one of " + ", ".join(WAREHOUSES), found=f"'{name}'"
        )
    return WAREHOUSES[name]
