"""Spark's jdbc reader with Redshift's own JDBC driver, a statement, and the list of tables."""

import json
import os
import sys
from typing import Any

from pyspark.sql import SparkSession

url, user, password, schema = sys.argv[1], *(os.environ[n] for n in ("RS_USER", "RS_PASS", "RS_S"))
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars.packages", "com.amazon.redshift:redshift-jdbc42:2.1.0.30")
    # For IAM log-ins only.
    .config("spark.jars.excludes", "com.amazonaws:*,com.fasterxml*:*,org.apache*:*,commons-*:*")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.extraJavaOptions", "-Duser.timezone=UTC")
    .config("spark.sql.session.timeZone", "UTC")
    .getOrCreate()
)
options = {
    "url": url, "user": user, "password": password,
    "driver": "com.amazon.redshift.jdbc42.Driver",
}  # fmt: skip
frame = (
    spark.read.format("jdbc").options(**options, dbtable=f"{schema}.t", partitionColumn="a",
                                      lowerBound=1, upperBound=4, numPartitions=3).load()
)  # fmt: skip
pushed = spark.read.format("jdbc").options(
    **options, query=f"SELECT TOP 1 NVL(b, 'none') AS b FROM {schema}.t ORDER BY a DESC"
)


def names(result: Any, *columns: str) -> list[list[str]]:
    found = []
    while result.next():
        found.append([result.getString(column) for column in columns])
    return found


rows = [[str(value) for value in row] for row in frame.orderBy("a").collect()]
last = [row.b for row in pushed.load().collect()]
manager = spark._jvm.java.sql.DriverManager
properties = spark._jvm.java.util.Properties()
properties.setProperty("user", user)
properties.setProperty("password", password)
connection = manager.getConnection(url, properties)
meta = connection.getMetaData()
copied = connection.createStatement()
copied.execute(f"INSERT INTO {schema}.t (a, b) VALUES (9, 'new')")
print(
    json.dumps(
        {
            "types": frame.dtypes,
            "rows": rows,
            "pushed": last,
            "product": meta.getDatabaseProductName(),
            "tables": names(meta.getTables(None, schema, "%", None), "TABLE_NAME", "TABLE_TYPE"),
            "count": copied.getUpdateCount(),
        }
    )
)
connection.close()
spark.stop()
