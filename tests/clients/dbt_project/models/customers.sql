{{ config(materialized="view") }}
select code, name from {{ ref("raw_customers") }}
