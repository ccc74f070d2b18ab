"""What the stand-in does with each construct of Redshift: the one table, with known differences.

page.py makes docs/redshift.md of it; a test holds each test that is named here to its existence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from src.standin.postgresql_only import FOREIGN


class How(Enum):
    """What happens to a construct."""

    ACCEPTED = "accepted"
    REWRITTEN = "rewritten"
    IMITATED = "imitated"
    REFUSED = "refused"


MEANING = {
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
    Construct("DuckDB's postgres extension", _A, "unmodified, version 1.5.5: ATTACH, reads with "
              "filters pushed down, joins, postgres_query() after `SET pg_use_text_protocol = "
              "true`, DDL, postgres_execute(); it sees no late-binding views", "test_duckdb"),
    Construct("DuckDB's INSERT, UPDATE and DELETE into an attached table", _X, "it sends COPY FROM "
              "STDIN and asks for ctid, which Redshift has not; use postgres_execute()",
              "test_duckdb_writes_as_far_as_redshift_lets_it"),
    Construct("version()", _I, "names Redshift behind PostgreSQL 8.0.2, by which clients tell it, "
              "and says that it is a stand-in", "test_version"),
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
    Construct("COPY … STATUPDATE", _I, "statistics of a table without any, of any with ON, of "
              "none with OFF", "test_statistics_of_what_was_loaded"),
    Construct("COPY … COMPUPDATE, COMPROWS, REGION of text", _I,
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
    Construct("names of more than 63 bytes", _X, "PostgreSQL would cut them off; Redshift has 127",
              "test_examples"),
    Construct("lengths in bytes", _I, "a CHECK named standin_bytes_… on each VARCHAR and CHAR",
              "test_varchar_counts_bytes"),
    Construct("DECIMAL without precision", _R, "numeric(18,0), in columns and in casts",
              "test_expressions"),
    Construct("SUPER", _R, "jsonb; the order of an object's names is jsonb's",
              "test_declarations_are_remembered"),
    Construct("types Redshift does not have (uuid, json, arrays …)", _X,
              "PostgreSQL would take them", "test_refused"),
    Construct("CREATE TABLE … (LIKE …), AS, IF NOT EXISTS (not with AS), TEMP", _A,
              "keys and encodings go with LIKE", "test_like_copies_keys_and_encodings"),
    Construct("ALTER TABLE … ALTER COLUMN … TYPE varchar(n)", _I, "longer only, and outside a "
              "transaction", "test_varchar_can_be_widened_outside_a_transaction"),
    Construct("ALTER TABLE … SET/DROP NOT NULL, SET/DROP DEFAULT", _X, "Redshift has none",
              "test_refused"),
    Construct("ALTER TABLE … ADD COLUMN IF NOT EXISTS; several actions at once", _X,
              "Redshift has none", "test_refused"),
    Construct("ALTER TABLE … SET SCHEMA, ENABLE TRIGGER, CLUSTER ON, INHERIT and others", _X,
              "Redshift has none", "test_refused_where_it_is_run"),
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
    Construct("CHECK, EXCLUDE, GENERATED ALWAYS AS", _X, "Redshift has none", "test_refused"),
    Construct("CREATE, ALTER and DROP of what Redshift has not: INDEX, TRIGGER, RULE, SEQUENCE, "
              "TYPE, DOMAIN, EXTENSION, AGGREGATE, OPERATOR, STATISTICS, PUBLICATION, SERVER …",
              _X, "Redshift has none", "test_objects_that_redshift_has_not"),
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
    Construct("EXECUTE in a procedure", _R, "one literal is rewritten; a statement that is put "
              "together goes through, or is refused by the word that would have been rewritten",
              "test_examples"),
    Construct("TRUNCATE in a procedure", _R, "commits", "test_examples"),
    Construct("EXCEPTION WHEN OTHERS", _R, "the error is raised again at the handler's end; "
              "statements that change data are refused there", "test_examples"),
    Construct("NONATOMIC procedures; functions in plpythonu, EXTERNAL FUNCTION", _X, "not built",
              "test_examples"),
    Construct("functions in plpgsql; conditions of EXCEPTION but OTHERS", _X, "Redshift has none",
              "test_examples"),
    Construct("cursors, PREPARE, EXECUTE, EXPLAIN", _A, "", "test_examples"),
    Construct("SET query_group and other settings of Redshift", _I, "kept, without effect",
              "test_settings_of_redshift"),
    Construct("ON CONFLICT, RETURNING", _X, "PostgreSQL's, unknown to Redshift", "test_refused"),
    *(
        Construct(foreign.name, _X, f"instead: {foreign.instead}" if foreign.instead else
                  "PostgreSQL's, unknown to Redshift", "test_what_only_postgresql_has")
        for foreign in FOREIGN
    ),
    Construct("types JSON, JSONB, UUID, MONEY, BYTEA, INET, XML, BIT, ranges and others in casts",
              _X, "unknown to Redshift", "test_refused_where_it_is_run"),
    Construct("COLLATE \"C\" in an expression", _R, "left out: texts are compared by their bytes; "
              "whether Redshift takes it could not be found out", "test_duckdb"),
    Construct("other collations in an expression", _X, "unknown to Redshift",
              "test_refused_where_it_is_run"),
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
    Construct("aggregates, FIRST_VALUE, LAST_VALUE and NTH_VALUE over a window that is ordered and "
              "has no frame; LAG and LEAD with a default", _X, "as Redshift does",
              "test_examples"),
    Construct("LISTAGG of more than 65535 bytes", _X, "as Redshift does", "test_examples"),
    Construct("STDDEV, VARIANCE and their kin", _I, "floats, of decimals too", "test_examples"),
    Construct("a number compared with a text", _I, "as texts", "test_examples"),
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

DIFFERENCES: tuple[str, ...] = (
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
    "Columns of a table made by `CREATE TABLE AS` have the types PostgreSQL gives them. Texts of "
    "expressions get varchar(65535), the most that Redshift gives an expression: its own lengths "
    "follow the expression, by rules that are not documented.",
    "A text that COPY finds too long is named with its row; Redshift names the file only.",
    "`ALTER TABLE ADD PRIMARY KEY` over rows that break the key fails here.",
    "Timestamps in ORC outside 1677 to 2262 do not survive Arrow's nanoseconds.",
    "Column names of a late-binding view must be given in its SELECT.",
)
"""What is neither refused nor as in Redshift."""
