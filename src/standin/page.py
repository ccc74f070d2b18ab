"""``python -m src.standin.page > docs/redshift.md``: the page, written from the declarations.

A test holds the page to what this writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from src.standin.constructs import CONSTRUCTS, DIFFERENCES, MEANING, How


@dataclass(frozen=True)
class Rule:
    """A rule of Redshift's that the loader obeys, and how the stand-in shows it, or why not."""

    number: int
    text: str
    tests: tuple[str, ...] = ()
    because: str = ""


RULES: tuple[Rule, ...] = (
    Rule(1, "COPY needs meta.content_length", ("test_manifest_faults",)),
    Rule(2, "mandatory defaults to false", (
        "test_missing_file_that_is_not_mandatory_is_skipped", "test_manifest_faults")),
    Rule(3, "whole s3:// paths", ("test_manifest_faults",)),
    Rule(4, "options of columnar COPY", ("test_option_faults",)),
    Rule(5, "positional, number of columns", (
        "test_file_faults", "test_column_list_orders_and_fills")),
    Rule(6, "Hive partition columns are not read", because="nothing to show: a file's columns "
         "are those of its footer; the loader's own tests check what it writes"),
    Rule(7, "identity columns and LIKE", ("test_identity",)),
    Rule(8, "types are not coerced", (
        "test_file_faults", "test_nanoseconds_are_refused", "test_int96_and_timestamps_with_zone"),
        because="Spectrum's true type rules are not known in full: the stand-in asks for equality"),
    Rule(9, "VARCHAR counts bytes", ("test_varchar_counts_bytes", "test_file_faults")),
    Rule(10, "codecs that COPY is documented for", because="Arrow reads more codecs; the "
         "loader's own tests check what it writes"),
    Rule(11, "one COPY per table and run", because="there are no slices here"),
    Rule(12, "COPY does not deduplicate; a short transaction", ("test_two_clients_copy_at_once",)),
    Rule(13, "errors stay readable", ("test_a_failed_copy_rolls_back_and_its_error_stays",)),
    Rule(14, "no keys in SQL", ("test_statement_log",)),
    Rule(15, "LOCK takes no snapshot", ("test_lock_takes_no_snapshot",)),
    Rule(16, "isolation may be either", ("test_expressions",),
         because="SERIALIZABLE by table cannot be shown: PostgreSQL finds conflicts by row"),
    Rule(17, "errors that are retried", ("test_serializable_conflict_in_redshifts_words",),
         because="1018 and 'conflict with concurrent transaction' do not come up here"),
    Rule(18, "TRUNCATE commits", ("test_truncate_commits",)),
    Rule(19, "what ALTER TABLE has not", ("test_refused", "test_not_inside_a_transaction")),
    Rule(20, "keys are not enforced", ("test_keys_are_visible_and_not_enforced",),
         because="a planner that trusts false keys cannot be shown"),
    Rule(21, "delete joins staged keys", because="the loader's own tests"),
    Rule(22, "MERGE's limits", ("test_merge", "test_merges_limits")),
    Rule(23, "DROP loses grants; late-binding views", (
        "test_late_binding_views_do_not_hold_their_tables",)),
    Rule(24, "RLS and loads", because="RLS policies are refused"),
    Rule(25, "ENCODE turns off ENCODE AUTO", ("test_declarations_are_remembered",)),
    Rule(26, "Data API: 40 statements", because="the Data API is not the stand-in's"),
    Rule(27, "Data API: ClientToken", because="the Data API is not the stand-in's"),
    Rule(28, "Data API: polling", because="the Data API is not the stand-in's"),
    Rule(29, "Data API: identifiers", because="the Data API is not the stand-in's"),
    Rule(30, "Data API: results", because="the Data API is not the stand-in's"),
    Rule(31, "drivers", ("test_redshift_connector", "test_several_statements_in_one_query")),
    Rule(32, "the Spark connector", because="its jar is in none of the registries"),
)  # fmt: skip

EXAMPLES: tuple[tuple[str, int, int], ...] = (
    ("access", 12, 4),
    ("aggregates", 27, 1),
    ("catalog", 41, 1),
    ("changes", 18, 0),
    ("conditions", 23, 2),
    ("dates", 82, 2),
    ("ddl", 40, 12),
    ("formats", 29, 0),
    ("json", 13, 0),
    ("numbers", 30, 0),
    ("routines", 19, 6),
    ("select", 39, 2),
    ("strings", 58, 0),
    ("super", 26, 3),
    ("windows", 25, 1),
)
"""Topics of SQL examples, and how many are right and refused; a test runs them and compares."""

_HEAD = """\
# The local stand-in for Redshift

<!-- Written by `python -m src.standin.page`; do not edit. -->

## What it is not

It is **not Redshift**. It is a PostgreSQL 18 behind a small endpoint on 127.0.0.1 that speaks the
same wire protocol, so that unmodified drivers and Redshift's own SQL text run on a laptop.
It has no planner, no distribution, no slices, no WLM, no Spectrum, no rights by IAM and no
materialized views that renew themselves, and no speed that says anything about Redshift's. It can
never show Spectrum's true type rules, what the planner does with keys that are not true, locks
across refreshes, or costs.
Nothing on this page was run on a real Redshift: the words of its errors are from public reports.

What it has is the other half: what Redshift refuses and PostgreSQL would let pass is refused here.

## Running it

    starlift redshift [--port 5439] [--iam] [--ephemeral]
    python -m src.standin --home DIR [--port 5439] [--bucket NAME=PATH ...] [--s3-endpoint URL]
                          [--ephemeral] [--iam]

The first serves the warehouse of the settings (`conf/local.yaml`), the second any home.
`s3://NAME/key` is read from `PATH/key`; without a mapping, from S3 by boto3 when `--s3` or
`--s3-endpoint` is given. The password is made at the first start and lies in `secrets.json` of the
home, readable by its owner only, beside `endpoint.json` (where it listens). With `--ephemeral`
data goes when it stops; with `--iam` it takes the users and passwords that `GetClusterCredentials`
gives out, without being able to check them. `statements.jsonl` has every statement with time,
client, outcome and milliseconds, secrets taken out; `postgresql.log` and `standin.log` are the
servers' own. PostgreSQL refuses to run as root: started by root it runs as the user `postgres` or
`nobody`, and folders above its data are opened for passing through.

`PYTHONPATH=. python bench/standin.py --rows N` measures start, many clients, COPY and UNLOAD
beside PostgreSQL's own COPY of the same rows.

As a pytest fixture: `from src.standin.testing import redshift, redshift_bucket,
redshift_endpoint` in a `conftest.py`. A test that names `redshift` gets an empty database of its
own, `redshift.connect()`, and `redshift.bucket`, the folder behind `redshift.url` for COPY and
UNLOAD; one stand-in serves the whole run and leaves nothing.

From Python: `with connect_or_start(home, buckets={"lake": path}) as endpoint:` in
`src.standin.server`. A stand-in that was started by a program ends with it, also when that program
is killed; data stays. After a kill of the stand-in itself the next start recovers.
"""


def _table() -> Iterator[str]:
    yield "## What becomes of what\n"
    for how in How:
        yield f"- **{how.value}**: {MEANING[how]}"
    yield "\nAnything else goes to PostgreSQL, which runs it or refuses it in its own words.\n"
    yield "| construct | | how, why | shown by |"
    yield "|---|---|---|---|"
    for construct in CONSTRUCTS:
        yield (
            f"| {construct.name} | {construct.how.value} | {construct.why} | `{construct.test}` |"
        )


def _examples() -> Iterator[str]:
    right = sum(count for _, count, _ in EXAMPLES)
    refused = sum(count for _, _, count in EXAMPLES)
    share = 100 * right / max(right + refused, 1)
    yield "\n## SQL examples in bulk\n"
    yield f"Of {right + refused} statements with the result that Redshift's documentation gives for"
    yield f"their construct, **{right} are right ({share:.1f} %), {refused} are refused with a"
    yield "sentence that names the construct, none is wrong**. They are in"
    yield "`tests/standin/examples`; `python -m tests.standin.run_examples` prints the share.\n"
    yield "| topic | right | refused |"
    yield "|---|---|---|"
    for topic, good, not_here in EXAMPLES:
        yield f"| {topic} | {good} | {not_here} |"


def _rules() -> Iterator[str]:
    yield "\n## The rules the loader obeys\n"
    yield "Numbers are those of the project's list of Redshift rules.\n"
    yield "| rule | | tested here by | cannot be shown here because |"
    yield "|---|---|---|---|"
    for rule in RULES:
        tests = ", ".join(f"`{test}`" for test in rule.tests)
        yield f"| {rule.number} | {rule.text} | {tests} | {rule.because} |"


def page() -> str:
    """docs/redshift.md."""
    lines = [_HEAD, *_table(), "\n## Known differences\n", *(f"- {text}" for text in DIFFERENCES)]
    return "\n".join([*lines, *_examples(), *_rules()]) + "\n"


if __name__ == "__main__":
    print(page(), end="")
