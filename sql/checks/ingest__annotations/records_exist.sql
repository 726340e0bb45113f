-- Every annotation belongs to a record and has that record's image.
select a.source, a.record_id, a.annotation_no, a.image_id
from ingest__annotations as a
left join ingest__records as r
    on a.source = r.source and a.record_id = r.record_id and a.image_id = r.image_id
where r.record_id is null
order by all
