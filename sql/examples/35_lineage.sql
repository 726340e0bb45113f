-- What is made from people's ratings, directly or through other tables?
with recursive later as (
    select table_name from meta.lineage where made_from = 'labels__vad'
    union
    select l.table_name from meta.lineage as l inner join later on l.made_from = later.table_name
)

select table_name from later order by table_name
