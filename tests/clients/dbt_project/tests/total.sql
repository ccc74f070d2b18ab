select * from {{ ref("late") }} where customer = 'b' and total <> 2.25
