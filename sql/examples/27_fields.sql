-- Which fields of the records does the critic object to?
select field, verdict, count(*) as records from fields_long group by all order by all
