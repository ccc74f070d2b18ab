{{ config(materialized="table", dist="customer", sort=["ordered_at", "id"]) }}
select id, customer, nvl(amount, 0)::decimal(9,2) as amount, ordered_at::date as ordered_at
from {{ ref("raw_orders") }}
