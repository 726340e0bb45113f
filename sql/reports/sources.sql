-- Sources with files in the data root: terms, files, duplicates and what became of their images.
select
    o.source,
    o.title,
    o.licence,
    o.is_redistributable,
    o.found_files,
    o.files_refused,
    o.distinct_pictures as distinct_images,
    o.kept_pictures as kept_images,
    o.preserved_records
from source_overview as o
where o.found_files > 0 or o.records > 0
order by o.kept_pictures desc, o.source
