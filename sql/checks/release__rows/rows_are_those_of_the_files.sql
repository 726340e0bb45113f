-- A release has as many rows of a configuration as its files say.
with listed as (
    select release_no, config, count(*) as row_count from release__rows group by release_no, config
),

filed as (
    select release_no, config, sum(row_count) as row_count
    from release__files
    where config in ('records', 'qa', 'assess', 'images')
    group by release_no, config
)

select
    coalesce(l.release_no, f.release_no) as release_no,
    coalesce(l.config, f.config) as config,
    l.row_count as listed_rows,
    f.row_count as filed_rows
from listed as l
full join filed as f on l.release_no = f.release_no and l.config = f.config
where l.row_count is distinct from f.row_count
order by 1, 2
