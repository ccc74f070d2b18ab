{{ config(materialized="view", bind=false) }}
select customer, sum(amount) as total from {{ ref("orders") }} group by 1
