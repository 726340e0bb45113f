-- One row per image file found: it became records, or it was refused with a reason.
--
-- outcome: What became of the file: record, or reject
-- record_count: Records that were made of the file
-- reason: Code of the reason for the refusal; null for a record
-- detail: The reason in words; null for a record
select
    source,
    path,
    'record' as outcome,
    any_value(image_id) as image_id,
    count(*) as record_count,
    null::varchar as reason,
    null::varchar as detail
from ingest__records
group by source, path
union all by name
select
    source,
    path,
    'reject' as outcome,
    null as image_id,
    0 as record_count,
    min(reason) as reason,
    min(detail) as detail
from ingest__rejects
where "row" is null
group by source, path
