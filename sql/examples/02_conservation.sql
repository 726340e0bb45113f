-- Do rows in equal rows out plus rows refused, at every stage?
select stage, unit, rows_in, rows_out, rows_refused, difference from conservation order by step_no
