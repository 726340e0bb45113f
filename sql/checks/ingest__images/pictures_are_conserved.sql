-- Every record's image is here once, and its occurrence count is the number of its records.
select
    coalesce(r.image_id, i.image_id) as image_id,
    coalesce(r.records, 0) as found_records,
    coalesce(i.occurrence_count, 0) as occurrences
from (
    select image_id, count(*) as records
    from ingest__records
    group by image_id
) as r
full join ingest__images as i on r.image_id = i.image_id
where found_records <> occurrences
order by image_id
