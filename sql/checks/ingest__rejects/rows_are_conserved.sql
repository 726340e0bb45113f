-- Rows of annotation files = rows with an annotation or a word + rows refused; none is both.
with kept as (
    select source, table_path as "path", "row"
    from ingest__annotations
    where "row" is not null
    union
    select source, table_path, "row"
    from ingest__words
),

refused as (
    select distinct source, "path", "row"
    from ingest__rejects
    where "row" is not null
),

counted as (
    select source, found as rows_found, 0 as rows_kept, 0 as rows_refused, 0 as rows_both
    from _ingest__counts
    where unit = 'row'
    union all
    select source, 0, count(*), 0, 0 from kept group by source
    union all
    select source, 0, 0, count(*), 0 from refused group by source
    union all
    select source, 0, 0, 0, count(*)
    from kept
    inner join refused using (source, "path", "row")
    group by source
)

select
    source,
    sum(rows_found)::bigint as rows_in,
    sum(rows_kept)::bigint as rows_out,
    sum(rows_refused)::bigint as rows_lost,
    sum(rows_both)::bigint as rows_both_ways
from counted
group by source
having rows_in <> rows_out + rows_lost or rows_both_ways > 0
order by source
