"""Which tables another setting makes anew."""

from __future__ import annotations

from src.pipeline.fingerprints import table_fingerprints
from src.settings import CalendarSettings, Rules, WarehouseSettings
from src.transforms.ecommerce import ECOMMERCE


def changed(rules: Rules) -> set[str]:
    before, after = table_fingerprints(ECOMMERCE, Rules()), table_fingerprints(ECOMMERCE, rules)
    return {name for name in before if before[name] != after[name]}


def test_another_currency_makes_the_fact_anew_and_nothing_else() -> None:
    assert changed(Rules(warehouse=WarehouseSettings(reporting_currency="EUR"))) == {"fact_orders"}
    assert changed(Rules(warehouse=WarehouseSettings(reporting_timezone="Europe/Oslo"))) == set()
    assert changed(Rules(calendar=CalendarSettings(first="1990-01-01"))) == {"dim_date"}
