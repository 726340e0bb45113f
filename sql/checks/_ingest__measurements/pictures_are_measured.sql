-- Every image of a record is measured once per source, and nothing else is.
select
    coalesce(r.source, m.source) as source,
    coalesce(r.image_id, m.image_id) as image_id,
    coalesce(r.records, 0) as records,
    m.occurrence_count
from (
    select source, image_id, count(*) as records
    from ingest__records
    group by source, image_id
) as r
full join _ingest__measurements as m on r.source = m.source and r.image_id = m.image_id
where r.records is distinct from m.occurrence_count
order by all
