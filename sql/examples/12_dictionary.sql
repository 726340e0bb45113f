-- Which columns hold a share or a count of pixels?
select table_name, column_name, type, unit, meaning
from meta.dictionary
where unit in ('share', 'px')
order by table_name, column_name
