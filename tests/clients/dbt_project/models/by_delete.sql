{{ config(materialized="incremental", unique_key="id", incremental_strategy="delete+insert", dist="even") }}
select id, amount, getdate() as loaded_at from {{ ref("orders") }}
{% if is_incremental() %} where id >= (select max(id) from {{ this }}) {% endif %}
