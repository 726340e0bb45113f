-- Annotation rows found = rows with an annotation + rows refused, per source.
with kept as (
    select source, count(*) as rows_kept
    from (select distinct source, table_path, "row" from ingest__annotations where "row" is not null)
    group by source
),

refused as (
    select source, count(*) as rows_refused
    from (select distinct source, "path", "row" from ingest__rejects where "row" is not null)
    group by source
),

found as (
    select source, found as rows_found
    from _ingest__counts
    where unit = 'row'
)

select
    source,
    coalesce(rows_found, 0) as rows_in,
    coalesce(rows_kept, 0) as rows_out,
    coalesce(rows_refused, 0) as rows_lost
from found
full join kept using (source)
full join refused using (source)
where rows_in <> rows_out + rows_lost
order by source
