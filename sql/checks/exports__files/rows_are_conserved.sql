-- A published file of a split has a row for each of its items, and no split is left out of a format.
with items as (
    select 'assess' as dataset, split, count(*) as items from assess__items group by split
    union all
    select 'qa' as dataset, split, count(*) as items from qa__items group by split
),

published as (
    select
        format,
        split,
        if(contains("path", 'assess'), 'assess', 'qa') as dataset,
        "path",
        row_count
    from exports__files
    where split is not null
),

expected as (
    select f.format, f.dataset, i.split, i.items
    from (
        select distinct format, dataset from published
        union
        select 'none' as format, 'qa' as dataset where not exists (from published)
    ) as f
    inner join items as i on f.dataset = i.dataset
)

select
    coalesce(e.format, p.format) as format,
    coalesce(e.dataset, p.dataset) as dataset,
    coalesce(e.split, p.split) as split,
    p."path",
    coalesce(e.items, 0) as expected_rows,
    p.row_count
from expected as e
full join published as p on e.format = p.format and e.dataset = p.dataset and e.split = p.split
where expected_rows is distinct from p.row_count
order by all
