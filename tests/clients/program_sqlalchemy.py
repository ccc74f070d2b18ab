"""SQLAlchemy with sqlalchemy-redshift: DDL with keys, rows, reflection, pandas."""

import json
import os

import pandas as pd
import sqlalchemy as sa
from sqlalchemy_redshift.dialect import SUPER

found = {}
for driver in ("psycopg2", "redshift_connector"):
    url = sa.URL.create(
        f"redshift+{driver}", os.environ["REDSHIFT_USER"], os.environ["REDSHIFT_PASSWORD"],
        os.environ["REDSHIFT_HOST"], int(os.environ["REDSHIFT_PORT"]),
        os.environ["REDSHIFT_DATABASE"],
    )  # fmt: skip
    arguments = {"sslmode": "verify-full"}
    if driver == "psycopg2":
        arguments["sslrootcert"] = os.environ["SSL_CERT_FILE"]
    engine = sa.create_engine(url, connect_args=arguments)
    schema = f"alchemy_{driver}"
    metadata = sa.MetaData(schema=schema)
    people = sa.Table(
        "people", metadata,
        sa.Column("id", sa.BigInteger, primary_key=True, redshift_identity=(1, 1)),
        sa.Column("name", sa.String(20), nullable=False, unique=True),
        sa.Column("paid", sa.Numeric(9, 2)),
        sa.Column("extra", SUPER),
        redshift_diststyle="KEY", redshift_distkey="name", redshift_sortkey=("name", "paid"),
    )  # fmt: skip
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
        metadata.create_all(connection)
        connection.execute(
            people.insert(), [{"name": "Zoë", "paid": "1.50"}, {"name": "Al", "paid": None}]
        )
        connection.execute(sa.text(
            f"CREATE VIEW {schema}.late AS SELECT name FROM {schema}.people "
            "WITH NO SCHEMA BINDING"))  # fmt: skip
    with engine.connect() as connection:
        rows = connection.execute(sa.select(people.c.name).order_by(people.c.name)).scalars().all()
    inspector = sa.inspect(engine)
    columns = {column["name"]: column for column in inspector.get_columns("people", schema)}
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, 1.5]})
    frame.to_sql("frame", engine, schema=schema, index=False, method="multi")
    back = pd.read_sql(f"SELECT * FROM {schema}.frame ORDER BY a", engine)
    found[driver] = {
        "rows": rows,
        "tables": sorted(inspector.get_table_names(schema)),
        "views": inspector.get_view_names(schema),
        "columns": list(columns),
        "types": [str(columns[name]["type"]) for name in ("id", "name", "paid")],
        "nullable": columns["name"]["nullable"],
        "primary_key": inspector.get_pk_constraint("people", schema)["constrained_columns"],
        "unique": [c["column_names"] for c in inspector.get_unique_constraints("people", schema)],
        "options": inspector.get_table_options("people", schema),
        "late": [column["name"] for column in inspector.get_columns("late", schema)],
        "frame": json.loads(back.to_json(orient="values")),
    }
    engine.dispose()
print(json.dumps(found, ensure_ascii=False))
