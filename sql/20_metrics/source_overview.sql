-- One row per known dataset: its terms, and the outcomes of its files and rows.
--
-- files_read: Image files that became a record
-- files_refused: Image files that were refused with a reason
-- rows_refused: Rows of annotation files that were refused with a reason
-- records: Records of the source
-- annotations: Annotations of the source
-- distinct_pictures: Distinct images by content
-- kept_pictures: Images kept after near-duplicates
-- ranked_pictures: Kept images with a ranking of emotions
-- preserved_records: Kept images whose record is preserved
with file_counts as (
    select
        source,
        count(*) filter (where outcome = 'record') as files_read,
        count(*) filter (where outcome = 'reject') as files_refused
    from files
    group by source
),

row_counts as (
    select source, count(*) filter (where "row" is not null) as rows_refused
    from ingest__rejects
    group by source
),

record_counts as (
    select r.source, count(*) as records, count(distinct r.image_id) as distinct_pictures
    from ingest__records as r
    group by r.source
),

annotation_counts as (
    select source, count(*) as annotations
    from ingest__annotations
    group by source
),

kept_counts as (
    select
        i.source,
        count(*) as kept_pictures,
        count(*) filter (where k.status = 'ok') as ranked_pictures,
        count(*) filter (where r.state = 'preserved') as preserved_records
    from dedup__images as i
    left join labels__rankings as k on i.image_id = k.image_id
    left join records__emoverse as r on i.image_id = r.image_id
    group by i.source
)

select
    d.source,
    d.title,
    d.licence,
    d.is_redistributable,
    d.state,
    d.expected_files,
    d.found_files,
    coalesce(f.files_read, 0) as files_read,
    coalesce(f.files_refused, 0) as files_refused,
    coalesce(w.rows_refused, 0) as rows_refused,
    coalesce(r.records, 0) as records,
    coalesce(a.annotations, 0) as annotations,
    coalesce(r.distinct_pictures, 0) as distinct_pictures,
    coalesce(k.kept_pictures, 0) as kept_pictures,
    coalesce(k.ranked_pictures, 0) as ranked_pictures,
    coalesce(k.preserved_records, 0) as preserved_records
from sources__datasets as d
left join file_counts as f on d.source = f.source
left join row_counts as w on d.source = w.source
left join record_counts as r on d.source = r.source
left join annotation_counts as a on d.source = a.source
left join kept_counts as k on d.source = k.source
order by d.source
