"""awswrangler.redshift: every way to copy, overwrite, upsert, unload and read."""

import json
import os

import awswrangler as wr
import pandas as pd
import redshift_connector

wr.config.s3_endpoint_url = os.environ["S3_URL"]
path = f"s3://{os.environ['S3_BUCKET']}/wrangler"
role = "arn:aws:iam::123456789012:role/load"
found = {}


def connect() -> redshift_connector.Connection:
    return redshift_connector.connect(
        host=os.environ["REDSHIFT_HOST"], port=int(os.environ["REDSHIFT_PORT"]),
        database=os.environ["REDSHIFT_DATABASE"], user=os.environ["REDSHIFT_USER"],
        password=os.environ["REDSHIFT_PASSWORD"],
    )  # fmt: skip


def read(table: str) -> list:
    frame = wr.redshift.read_sql_query(f"SELECT id, name FROM w.{table} ORDER BY id", con=con)
    return frame.values.tolist()


con = connect()
with con.cursor() as cursor:
    cursor.execute("CREATE SCHEMA w")
con.commit()
first = pd.DataFrame({
    "id": pd.array([1, 2], "Int64"), "name": ["Zoë", "Al"],
    "at": pd.to_datetime(["2024-02-29"] * 2), "amount": [1.5, 2.5], "yes": [True, False],
})  # fmt: skip
second = pd.DataFrame({
    "id": pd.array([2, 3], "Int64"), "name": ["AL", "Cy"], "at": pd.to_datetime(["2024-03-01"] * 2),
    "amount": [0.0, 9.0], "yes": [True, True],
})  # fmt: skip
common = {"con": con, "schema": "w"}
for method in ("drop", "cascade", "truncate", "delete"):
    table = f"copy_{method}"
    for frame in (first, second):
        wr.redshift.copy(df=frame, path=f"{path}/{table}/", table=table, iam_role=role,
                         mode="overwrite", overwrite_method=method, **common)  # fmt: skip
    found[f"overwrite {method}"] = read(table)
for frame in (first, second):
    wr.redshift.copy(df=frame, path=f"{path}/up/", table="up", iam_role=role, mode="upsert",
                     primary_keys=["id"], diststyle="KEY", distkey="id", sortstyle="COMPOUND",
                     sortkey=["id"], **common)  # fmt: skip
found["upsert"] = read("up")
for frame in (first, second):
    wr.redshift.copy(df=frame, path=f"{path}/app/", table="app", iam_role=role, mode="append",
                     varchar_lengths={"name": 10}, **common)  # fmt: skip
found["append"] = read("app")
for frame in (first, second):
    wr.redshift.to_sql(df=frame, table="by_sql", mode="append", use_column_names=True, **common)
wr.redshift.to_sql(df=second, table="by_sql", mode="upsert", primary_keys=["id"], **common)
found["to_sql"] = read("by_sql")
wr.s3.to_parquet(first, path=f"{path}/files/", dataset=True)
wr.redshift.copy_from_files(path=f"{path}/files/", table="files", iam_role=role, **common)
found["files"] = read("files")
back = wr.redshift.unload("SELECT * FROM w.app", path=f"{path}/out/", con=con, iam_role=role)
found["unload"] = back.sort_values(["id", "name"])[["id", "name"]].values.tolist()
found["unload types"] = [str(kind) for kind in back.dtypes]
wr.redshift.unload_to_files("SELECT id, name FROM w.app", path=f"{path}/csv/", con=con,
                            iam_role=role, unload_format="PARQUET", manifest=True)  # fmt: skip
found["unloaded files"] = len(wr.s3.list_objects(f"{path}/csv/"))
found["table"] = len(wr.redshift.read_sql_table("app", **common))
con.close()
print(json.dumps(found, ensure_ascii=False, default=str))
