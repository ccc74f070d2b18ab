"""How the property tests draw: many values an example, because an example costs a Spark job."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings


def examples(number: int) -> settings:
    """That many examples. No shrinking: it would cost a Spark job a step, and the messages of
    these tests name the single values that differ.
    """
    return settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
