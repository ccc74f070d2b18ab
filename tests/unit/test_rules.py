"""Which tables another setting makes anew."""

from __future__ import annotations

from src.contract.warehouse import Warehouse
from src.pipeline.fingerprints import table_fingerprints
from src.settings import CalendarSettings, Rules, WarehouseSettings
from src.transforms.ecommerce import ECOMMERCE
from src.transforms.sparkify import SPARKIFY


def changed(rules: Rules, warehouse: Warehouse = ECOMMERCE) -> set[str]:
    before, after = table_fingerprints(warehouse, Rules()), table_fingerprints(warehouse, rules)
    return {name for name in before if before[name] != after[name]}


def test_another_currency_makes_the_fact_anew_and_nothing_else() -> None:
    assert changed(Rules(warehouse=WarehouseSettings(reporting_currency="EUR"))) == {"fact_orders"}
    assert changed(Rules(calendar=CalendarSettings(first="1990-01-01"))) == {"dim_date"}


def test_another_time_zone_makes_those_anew_that_have_days_of_instants() -> None:
    oslo = Rules(warehouse=WarehouseSettings(reporting_timezone="Europe/Oslo"))
    assert changed(oslo) == {"fact_orders"}
    assert changed(oslo, SPARKIFY) == {"dim_time", "fact_songplay", "fact_session"}
