-- One row per release of the data root: what it holds, its licence and its hash. Which image and row
-- is in it: release__rows; its files: release__files.
--
-- record_count: Records in the release
-- question_count: Questions of EEmoDB-QA in the release
-- item_count: Items of EEmoDB-Assess in the release
-- size_bytes [bytes]: Size of all its files but the manifest
-- licence: Licence of what the dataset adds to its sources; at each row are those of the sources
with files as (
    select
        release_no,
        coalesce(sum(row_count) filter (where config = 'records'), 0)::bigint as record_count,
        coalesce(sum(row_count) filter (where config = 'qa'), 0)::bigint as question_count,
        coalesce(sum(row_count) filter (where config = 'assess'), 0)::bigint as item_count,
        sum(size_bytes)::bigint as size_bytes
    from release__files
    group by release_no
)

select
    r.release_no,
    r.release_state,
    r.title,
    r.licence,
    f.record_count,
    f.question_count,
    f.item_count,
    r.image_count,
    r.has_image_files,
    r.withheld_count,
    f.size_bytes,
    r.package_version,
    r.digest,
    r.previous_digest,
    r.detail
from release__versions as r
left join files as f on r.release_no = f.release_no
order by r.release_no
