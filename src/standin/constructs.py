"""What the stand-in does with each construct of Redshift: the one table, and its page.

``python -m src.standin.constructs > docs/redshift.md`` writes the page; a test holds the page to
this file and each test that is named here to its existence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class How(Enum):
    """What happens to a construct."""

    ACCEPTED = "accepted"
    REWRITTEN = "rewritten"
    IMITATED = "imitated"
    REFUSED = "refused"


_MEANING = {
    How.ACCEPTED: "goes to PostgreSQL as it is, and means the same",
    How.REWRITTEN: "becomes PostgreSQL's words of the same meaning",
    How.IMITATED: "is done by the stand-in itself, or remembered and shown but without effect",
    How.REFUSED: "fails with a sentence that names it",
}


@dataclass(frozen=True)
class Construct:
    """One construct, what becomes of it and why; ``test`` is where that is shown."""

    name: str
    how: How
    why: str
    test: str


_A, _R, _I, _X = How.ACCEPTED, How.REWRITTEN, How.IMITATED, How.REFUSED

CONSTRUCTS: tuple[Construct, ...] = (
    # Connection
    Construct("unknown start-up parameters", _I, "dropped: PostgreSQL refuses them",
              "test_redshift_connector"),
    Construct("TLS", _I, "beside plain, with a certificate that the home makes itself "
              "(`server.crt`): trust it with `sslrootcert`, or `SSL_CERT_FILE` for "
              "redshift_connector", "test_redshift_connector_by_default"),
    Construct("CancelRequest", _A, "forwarded", "test_cancel_of_a_copy"),
    Construct("passwords", _A, "MD5, by PostgreSQL itself; Redshift's drivers know no SCRAM",
              "test_wrong_password_and_hidden_user"),
    Construct("users IAM:name, IAMA:name, IAMR:name", _I, "with --iam only: their password, which "
              "AWS gave out, is taken unseen; IAMA and IAMR make the user",
              "test_a_driver_logs_in_by_iam"),
    Construct("isolation", _I, "REPEATABLE READ by default, as Redshift's SNAPSHOT",
              "test_expressions"),
    Construct("serializable conflicts", _I,
              "SQLSTATE XX000, message 1023 and the table's id, as Redshift; found by row, not by "
              "table, and without the numbers of the other transactions",
              "test_serializable_conflict_in_redshifts_words"),
    # Clients
    Construct("psql, psycopg2, redshift_connector", _A, "unmodified", "test_psql"),
    Construct("Redshift's JDBC driver", _A,
              "unmodified, through Spark's reader; of DatabaseMetaData the tables",
              "test_jdbc"),
    Construct("SQLAlchemy with sqlalchemy-redshift, pandas", _A, "unmodified", "test_sqlalchemy"),
    Construct("awswrangler.redshift", _A, "unmodified: all ways to copy, overwrite, upsert, "
              "unload and read", "test_awswrangler"),
    Construct("dbt-redshift", _A, "unmodified: a project built twice by 8 threads, and its docs",
              "test_dbt"),
    Construct("attisdistkey, attsortkeyord, attencodingtype, reldiststyle, adsrc; "
              "format_encoding()", _R, "columns of Redshift's catalog that clients ask for",
              "test_sqlalchemy"),
    Construct("pg_attribute, information_schema.columns", _R, "without late-binding views, whose "
              "columns pg_get_late_binding_view_cols() tells", "test_dbt"),
    # COPY
    Construct("COPY … FORMAT AS ORC, PARQUET", _I,
              "files are checked and streamed as binary COPY into the client's own transaction, "
              "at Execute", "test_every_type_arrives_as_it_was"),
    Construct("COPY … MANIFEST", _I, "meta.content_length needed and compared; mandatory; whole "
              "s3:// URLs", "test_manifest_faults"),
    Construct("COPY from a prefix", _I, "names that begin with `_`, `.` or `#` are passed over "
              "(inferred from Spectrum)", "test_prefix_without_manifest"),
    Construct("COPY: columns and types", _I, "by position, number and types equal, nothing "
              "coerced; VARCHAR in bytes; NOT NULL", "test_file_faults"),
    Construct("COPY … FILLRECORD", _I, "missing last columns become null", "test_fillrecord"),
    Construct("COPY … STATUPDATE, COMPUPDATE, COMPROWS, REGION of text", _I,
              "taken, without effect", "test_option_without_effect"),
    Construct("COPY … SERIALIZETOJSON", _I, "structs, lists and maps of Parquet into SUPER",
              "test_serializetojson"),
    Construct("COPY from S3", _I, "by boto3, its endpoint, region and credentials from settings "
              "and environment; or from folders mapped to buckets", "test_copy_with_a_manifest"),
    Construct("COPY: IAM_ROLE, CREDENTIALS, ACCESS_KEY_ID", _I,
              "one must be there; what it says is not looked at", "test_copy_with_a_manifest"),
    Construct("COPY … CSV, delimited text, FIXEDWIDTH", _I, "typed exactly, an error for each row "
              "that does not fit", "test_csv_of_every_type"),
    Construct("COPY … DELIMITER, QUOTE, NULL AS, ESCAPE, REMOVEQUOTES, IGNOREHEADER, "
              "IGNOREBLANKLINES, FILLRECORD, EMPTYASNULL, BLANKSASNULL, TRIMBLANKS, "
              "TRUNCATECOLUMNS, ENCODING, ACCEPTINVCHARS, NOLOAD", _I, "", "test_text_options"),
    Construct("COPY … DATEFORMAT, TIMEFORMAT, ACCEPTANYDATE", _I, "formats, 'auto' (the common "
              "ones of its list), 'epochsecs', 'epochmillisecs'", "test_timeformats"),
    Construct("COPY … GZIP, BZIP2, ZSTD", _I, "LZOP is refused", "test_compression"),
    Construct("COPY … ROUNDEC", _I, "else decimals are cut off",
              "test_decimals_are_cut_or_rounded"),
    Construct("COPY … MAXERROR, IGNOREALLERRORS", _I, "rows that do not fit go to "
              "stl_load_errors, with line, column, value and reason",
              "test_maxerror_loads_what_is_right"),
    Construct("COPY … JSON 'auto', 'auto ignorecase', 'noshred', jsonpaths", _I,
              "objects one after the other", "test_json_by_paths"),
    Construct("COPY … MAXERROR, REGION and other options of text formats", _X,
              "as Redshift does for columnar files", "test_option_faults"),
    Construct("COPY … EXPLICIT_IDS", _X, "not built", "test_option_faults"),
    Construct("COPY … FORMAT AS AVRO, SHAPEFILE; LZOP, ENCRYPTED, SSH", _X, "not built",
              "test_what_text_formats_do_not_take"),
    Construct("COPY … FROM STDIN, TO", _X, "PostgreSQL's, unknown to Redshift",
              "test_what_copy_is_not"),
    Construct("nanosecond timestamps in Parquet", _X, "Redshift loads them as far years, in "
              "silence", "test_nanoseconds_are_refused"),
    Construct("stl_load_errors, sys_load_error_detail", _I, "written outside the client's "
              "transaction, seen by all", "test_a_failed_copy_rolls_back_and_its_error_stays"),
    Construct("UNLOAD to text, CSV, Parquet", _I, "one slice: files end in 0000_part_00; "
              "names, quoting and formats as documented", "test_text"),
    Construct("UNLOAD … PARTITION BY, INCLUDE", _I, "Hive's folders", "test_partitions"),
    Construct("UNLOAD … MANIFEST, VERBOSE, MAXFILESIZE, PARALLEL, EXTENSION", _I, "",
              "test_include_and_manifest"),
    Construct("UNLOAD … ENCRYPTED, KMS_KEY_ID, REGION", _I, "taken, without effect: the bucket's "
              "own encryption holds", "test_awswrangler"),
    Construct("UNLOAD … ALLOWOVERWRITE, CLEANPATH", _I, "else a place that is not empty is "
              "refused", "test_what_is_there_stays_unless_it_is_said"),
    Construct("UNLOAD … HEADER, DELIMITER, NULL AS, ESCAPE, ADDQUOTES, FIXEDWIDTH, GZIP, BZIP2, "
              "ZSTD", _I, "", "test_what_was_unloaded_with_escape_loads_again"),
    Construct("UNLOAD … FORMAT AS JSON, MASTER_SYMMETRIC_KEY; a LIMIT in the outer SELECT", _X,
              "not built; the last as Redshift does", "test_refused"),
    # DDL
    Construct("DISTSTYLE, DISTKEY, SORTKEY, ENCODE, BACKUP", _I, "remembered, shown in "
              "pg_table_def and svv_table_info", "test_declarations_are_remembered"),
    Construct("ALTER TABLE … ALTER DISTKEY, DISTSTYLE, SORTKEY, ENCODE", _I, "remembered",
              "test_keys_can_be_changed_later"),
    Construct("PRIMARY KEY, UNIQUE", _I, "visible as constraints, never enforced",
              "test_keys_are_visible_and_not_enforced"),
    Construct("FOREIGN KEY, REFERENCES", _I, "remembered in standin.declared_foreign_keys, "
              "not enforced, not in PostgreSQL's catalog", "test_declarations_are_remembered"),
    Construct("IDENTITY(seed, step)", _R, "an identity column; a list of columns for COPY must "
              "leave it out", "test_identity"),
    Construct("VARCHAR, TEXT, BPCHAR, VARCHAR(MAX)", _R, "256 bytes, and 65535",
              "test_declarations_are_remembered"),
    Construct("lengths in bytes", _I, "a CHECK named standin_bytes_… on each VARCHAR and CHAR",
              "test_varchar_counts_bytes"),
    Construct("DECIMAL without precision", _R, "numeric(18,0), in columns and in casts",
              "test_expressions"),
    Construct("SUPER", _R, "jsonb; the order of an object's names is jsonb's",
              "test_declarations_are_remembered"),
    Construct("types Redshift does not have (uuid, json, arrays …)", _X,
              "PostgreSQL would take them", "test_refused"),
    Construct("CREATE TABLE … (LIKE …), AS, IF NOT EXISTS, TEMP", _A,
              "keys and encodings go with LIKE", "test_like_copies_keys_and_encodings"),
    Construct("ALTER TABLE … ALTER COLUMN … TYPE varchar(n)", _I, "longer only, and outside a "
              "transaction", "test_varchar_can_be_widened_outside_a_transaction"),
    Construct("ALTER TABLE … SET/DROP NOT NULL, SET/DROP DEFAULT", _X, "Redshift has none",
              "test_refused"),
    Construct("ALTER TABLE … ADD COLUMN IF NOT EXISTS; several actions at once", _X,
              "Redshift has none", "test_refused"),
    Construct("ALTER TABLE … APPEND FROM", _I, "rows are moved; IGNOREEXTRA, FILLTARGET; not in a "
              "transaction", "test_examples"),
    Construct("CREATE TABLE #name", _R, "a temporary table", "test_examples"),
    Construct("COLLATE CASE_INSENSITIVE", _X, "not built", "test_examples"),
    Construct("materialized views with AUTO REFRESH, BACKUP, DISTSTYLE …", _R, "plain ones; only "
              "REFRESH renews them", "test_examples"),
    Construct("TRUNCATE", _I, "commits the transaction that it is in", "test_truncate_commits"),
    Construct("VACUUM, ALTER COLUMN TYPE in a transaction", _X, "as Redshift does",
              "test_not_inside_a_transaction"),
    Construct("VACUUM FULL, SORT ONLY, TO … PERCENT, BOOST", _R, "a plain VACUUM",
              "test_vacuum_analyze_and_grants"),
    Construct("views WITH NO SCHEMA BINDING", _I, "hold nothing they read; made again by name "
              "when what they read has changed; their tables must exist when they are created",
              "test_late_binding_views_do_not_hold_their_tables"),
    Construct("CHECK, EXCLUDE, CREATE INDEX, TRIGGER, RULE, SEQUENCE, TYPE, DOMAIN, EXTENSION",
              _X, "Redshift has none", "test_refused"),
    Construct("external schemas and tables, datashares, models, RLS and masking policies", _X,
              "not built", "test_refused"),
    # Statements
    Construct("SELECT, INSERT, UPDATE, DELETE USING, LOCK, BEGIN, COMMENT, schemas", _A, "",
              "test_vacuum_analyze_and_grants"),
    Construct("GRANT … TO GROUP, TO ROLE; GRANT ROLE …; CREATE USER, GROUP, ROLE", _R,
              "roles of PostgreSQL; SESSION TIMEOUT, SYSLOG ACCESS, QUOTA and ISOLATION LEVEL are "
              "taken without effect; CREATEUSER makes no superuser", "test_examples"),
    Construct("SET SESSION AUTHORIZATION; CANCEL", _R, "SET ROLE; pg_cancel_backend",
              "test_examples"),
    Construct("system privileges, sys:… roles, ASSUMEROLE", _X, "not built", "test_examples"),
    Construct("CREATE PROCEDURE, CALL, CREATE FUNCTION in SQL", _R, "their bodies are Redshift's "
              "SQL too; OUT arguments are left out in CALL", "test_examples"),
    Construct("NONATOMIC procedures; functions in plpythonu, EXTERNAL FUNCTION", _X, "not built",
              "test_examples"),
    Construct("cursors, PREPARE, EXECUTE, EXPLAIN", _A, "", "test_examples"),
    Construct("SET query_group and other settings of Redshift", _I, "kept, without effect",
              "test_settings_of_redshift"),
    Construct("ON CONFLICT, RETURNING, DISTINCT ON, DO", _X, "PostgreSQL's, unknown to Redshift",
              "test_refused"),
    Construct("MERGE", _A, "with Redshift's limits: a table as source, equality, both branches",
              "test_merge"),
    Construct("MERGE … REMOVE DUPLICATES", _R, "a DELETE and an INSERT in one statement",
              "test_merge_remove_duplicates"),
    Construct("MERGE from a subquery, by other than equality, with further conditions", _X,
              "Redshift has none", "test_merges_limits"),
    Construct("SHOW TABLE, VIEW, DATABASES, SCHEMAS, TABLES, COLUMNS", _R, "queries of the catalog",
              "test_show"),
    Construct("SHOW GRANTS, PROCEDURE, EXTERNAL TABLE and others", _X, "not built",
              "test_refused"),
    Construct("stl_query, stl_querytext, stl_ddltext, stl_utilitytext, stl_error, svl_qlog, "
              "svl_statementtext, sys_query_history, sys_query_text, sys_load_history, "
              "stl_load_commits, sys_unload_history, stl_unload_log, PG_LAST_QUERY_ID() and its "
              "kin", _I, "what was run, without secrets; times are the stand-in's",
              "test_examples"),
    Construct("stv_recents, stv_inflight, stv_locks, stv_slices, stv_tbl_perm, svv_transactions, "
              "svv_roles, svv_user_grants, svv_role_grants, svv_relation_privileges, "
              "svv_schema_privileges, svv_redshift_functions, svv_mv_info, stv_mv_info", _I,
              "queries of PostgreSQL's catalog", "test_examples"),
    Construct("svv_tables, svv_columns, svv_redshift_*, svv_all_*, svv_external_*, stv_sessions",
              _I, "external ones are empty", "test_catalog"),
    # Queries
    Construct("SELECT TOP n", _R, "LIMIT", "test_select"),
    Construct("QUALIFY", _R, "a filter behind the window functions",
              "test_select"),
    Construct("aliases used beside where they are made", _R, "their expression, when no column has "
              "that name; the client's own connection is asked",
              "test_questions_in_all_ways_of_asking"),
    Construct("PIVOT, UNPIVOT", _R, "a grouped SELECT; a join with the columns as rows",
              "test_select"),
    Construct("* EXCLUDE, GROUP BY ALL", _R, "the other columns; the places of all that is no "
              "aggregate", "test_examples"),
    Construct("(+), CONNECT BY", _X, "not built", "test_examples"),
    Construct("quoted names", _R, "folded to lower case unless enable_case_sensitive_identifier is "
              "on", "test_quoted_names_are_folded"),
    Construct("a backslash in a string", _I, "escapes, as in Redshift", "test_examples"),
    Construct("MINUS", _R, "EXCEPT", "test_select"),
    Construct("names of three and four parts", _A, "the first must be the database's own",
              "test_names_that_are_no_navigation"),
    Construct("SUPER: navigation by dots and brackets", _R, "jsonb's subscripts", "test_super"),
    Construct("SUPER: arrays in FROM, AT; UNPIVOT of objects", _R,
              "a lateral join; an array is asked for", "test_super"),
    Construct("SUPER: what a client gets", _I, "JSON without blanks, under Redshift's type id",
              "test_super_reaches_every_driver_as_text"),
    Construct("SUPER: comparison with numbers, casts to text", _I, "operators and casts of ours",
              "test_super"),
    # Expressions
    Construct("NVL, SYSDATE, GETDATE, LAST_DAY, TRUNC(timestamp)", _R, "", "test_expressions"),
    Construct("DATEADD, DATEDIFF, DATE_PART, EXTRACT with Redshift's date parts", _R,
              "DATEDIFF counts boundaries; by weeks it is refused where it matters on which day "
              "one begins; DATE_PART by milliseconds is refused", "test_expressions"),
    Construct("LISTAGG, MEDIAN, PERCENTILE_CONT, PERCENTILE_DISC", _R, "also as window functions; "
              "there not of DISTINCT values", "test_examples"),
    Construct("IGNORE NULLS, RESPECT NULLS", _R, "an array of the window's other values",
              "test_examples"),
    Construct("NVL2, DECODE, RATIO_TO_REPORT, HLL, APPROXIMATE COUNT(DISTINCT), CONVERT(type, x)",
              _R, "counts are exact", "test_select"),
    Construct("VARBYTE, HLL sketches, GEOMETRY, FARMFINGERPRINT64, MURMUR3_32_HASH", _X,
              "not built", "test_examples"),
    Construct("STRING_AGG, ARRAY_AGG, REGEXP_MATCHES and others of PostgreSQL's", _X,
              "unknown to Redshift", "test_refused"),
    Construct("AVG, SQRT, LOG, EXP, POWER, CRC32, CONCAT, REGEXP_REPLACE, REGEXP_SUBSTR, "
              "JSON_SERIALIZE", _I,
              "PostgreSQL's mean other things", "test_functions"),
    Construct("LEN, CHARINDEX, STRTOL, SHA2, FNV_HASH, ADD_MONTHS, NEXT_DAY, CONVERT_TIMEZONE", _I,
              "", "test_functions"),
    Construct("JSON_EXTRACT_PATH_TEXT, JSON_EXTRACT_ARRAY_ELEMENT_TEXT, JSON_ARRAY_LENGTH, "
              "IS_VALID_JSON, JSON_PARSE, GET_ARRAY_LENGTH, OBJECT, ARRAY …", _I, "",
              "test_functions"),
    Construct("::varchar and CAST AS VARCHAR without a length", _R, "varchar(256)",
              "test_select"),
)  # fmt: skip


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

_DIFFERENCES = (
    "Division of decimals has PostgreSQL's scale, which is larger than Redshift's; that of a "
    "product of decimals and of `PERCENTILE_CONT` over decimals too; `EXPLAIN` is PostgreSQL's.",
    "A text that INSERT puts into a SUPER column is read as JSON here; in Redshift it is a string "
    "unless JSON_PARSE stands around it. An object's names come in jsonb's order.",
    "A table that a procedure creates has its keys, but they are not shown in the catalog.",
    "stl_load_commits has one line a COPY; of queries that ran inside a procedure the history has "
    "the CALL alone. History is kept in memory and written when somebody asks for it: a stand-in "
    "that is killed forgets what nobody asked for.",
    "Blanks at the end of a VARCHAR count in comparisons; in Redshift they do not.",
    "Casts to VARCHAR(n) and CHAR(n) cut off by characters; in Redshift by bytes.",
    "The words of CSV's and JSON's errors in stl_load_errors are from documents and public "
    "reports; `position` is always 0, and lines of a file that breaks off are found anew.",
    "UNLOAD to Parquet asks for a declared scale of decimal columns: a sum needs a cast.",
    "'auto' in DATEFORMAT and TIMEFORMAT: Julian days and years BC are not recognised.",
    "A key of a table made by `CREATE TABLE AS` has the type PostgreSQL gives it; texts without a "
    "length stay without one, and are not checked in bytes.",
    "A text that COPY finds too long is named with its row; Redshift names the file only.",
    "`ALTER TABLE ADD PRIMARY KEY` over rows that break the key fails here.",
    "Timestamps in ORC outside 1677 to 2262 do not survive Arrow's nanoseconds.",
    "Column names of a late-binding view must be given in its SELECT.",
)

_HEAD = """\
# The local stand-in for Redshift

<!-- Written by `python -m src.standin.constructs`; do not edit. -->

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

    python -m src.standin --home DIR [--port 5439] [--bucket NAME=PATH ...] [--s3-endpoint URL]
                          [--ephemeral] [--iam]

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
        yield f"- **{how.value}**: {_MEANING[how]}"
    yield "\nAnything else goes to PostgreSQL, which runs it or refuses it in its own words.\n"
    yield "| construct | | how, why | shown by |"
    yield "|---|---|---|---|"
    for construct in CONSTRUCTS:
        yield (
            f"| {construct.name} | {construct.how.value} | {construct.why} | `{construct.test}` |"
        )


EXAMPLES: tuple[tuple[str, int, int], ...] = (
    ("access", 12, 4),
    ("aggregates", 21, 1),
    ("catalog", 40, 0),
    ("changes", 18, 0),
    ("conditions", 22, 2),
    ("dates", 81, 2),
    ("ddl", 37, 11),
    ("formats", 29, 0),
    ("json", 13, 0),
    ("numbers", 30, 0),
    ("routines", 10, 2),
    ("select", 32, 1),
    ("strings", 51, 0),
    ("super", 24, 1),
    ("windows", 18, 1),
)
"""Topics of SQL examples, and how many are right and refused; a test runs them and compares."""


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
    lines = [_HEAD, *_table(), "\n## Known differences\n", *(f"- {text}" for text in _DIFFERENCES)]
    return "\n".join([*lines, *_examples(), *_rules()]) + "\n"


if __name__ == "__main__":
    print(page(), end="")
