-- The files of a format hold every item and every preserved record of each split, once per folder,
-- or, for a format that publishes only test, all of test.
with items as (
    select 'assess' as dataset, split, count(*) as items from assess__items group by split
    union all
    select 'qa' as dataset, split, count(*) as items from qa__items group by split
    union all
    select 'records' as dataset, split, count(*) as items
    from records__emoverse
    where state = 'preserved'
    group by split
),

published as (
    select
        format,
        dataset,
        split,
        regexp_extract(path, '^(.*)/[^/]*$', 1) as folder,
        sum(row_count) as row_count
    from exports__files
    where dataset is not null
    group by all
),

formats as (
    select format, dataset, folder, bool_or(split <> 'test') as is_whole
    from published
    group by format, dataset, folder
    union
    select 'none' as format, 'qa' as dataset, '' as folder, true as is_whole
    where not exists (from published)
),

expected as (
    select f.format, f.dataset, f.folder, i.split, i.items
    from formats as f
    inner join items as i on f.dataset = i.dataset and (f.is_whole or i.split = 'test')
)

select
    coalesce(e.format, p.format) as format,
    coalesce(e.dataset, p.dataset) as dataset,
    coalesce(e.folder, p.folder) as folder,
    coalesce(e.split, p.split) as split,
    coalesce(e.items, 0) as expected_rows,
    p.row_count
from expected as e
full join
    published as p
    on e.format = p.format and e.dataset = p.dataset and e.folder = p.folder and e.split = p.split
where expected_rows is distinct from p.row_count
order by all
