-- Image files found = files with a record + files refused, per source; no file is both.
with kept as (
    select source, count(distinct "path") as files
    from ingest__records
    group by source
),

refused as (
    select source, count(distinct "path") as files
    from ingest__rejects
    where "row" is null
    group by source
),

both_ways as (
    select source, count(distinct "path") as files
    from ingest__rejects
    where "row" is null and (source, "path") in (select (source, "path") from ingest__records)
    group by source
),

found as (
    select source, found as files
    from _ingest__counts
    where unit = 'file'
)

select
    source,
    coalesce(f.files, 0) as files_found,
    coalesce(k.files, 0) as files_with_record,
    coalesce(r.files, 0) as files_refused,
    coalesce(b.files, 0) as files_both
from found as f
full join kept as k using (source)
full join refused as r using (source)
full join both_ways as b using (source)
where files_found <> files_with_record + files_refused or files_both > 0
order by source
