-- One row per step from file to record and release: the number of images left, and their share of those found.
--
-- step_no: Place of the step in the order of the pipeline
-- step: Step from file to record
-- meaning: The images counted at the step, in words
-- pictures: Number of images
-- share_of_found [share]: Their share of the image files found on disk
with annotated as (
    select image_id
    from annotation__replies
    group by image_id
    having bool_and(status = 'ok')
),

released as (
    select distinct unnest(image_ids) as image_id
    from release__rows
    where release_no = (select max(release_no) from release__rows)
),

steps (step_no, step, meaning, pictures) as (
    select 1, 'found', 'image files on disk', (select coalesce(sum(found), 0) from _ingest__counts where unit = 'file')
    union all
    select 2, 'read', 'files with a record', (select count(*) from files where outcome = 'record')
    union all
    select 3, 'distinct', 'distinct by content', (select count(*) from ingest__images)
    union all
    select 4, 'kept', 'kept after near-duplicates', (select count(*) from dedup__images)
    union all
    select 5, 'annotated', 'answered by every annotator', (select count(*) from annotated)
    union all
    select 6, 'preserved', 'record preserved', (select count(*) from records__emoverse where state = 'preserved')
    union all
    select 7, 'human', 'record left to people', (select count(*) from records__emoverse where state = 'human')
    union all
    select 8, 'dropped', 'record dropped', (select count(*) from records__emoverse where state = 'dropped')
    union all
    select 9, 'released', 'in the newest release', (select count(*) from released)
)

select
    step_no,
    step,
    meaning,
    pictures::bigint as pictures,
    round(pictures / nullif(first_value(pictures) over (order by step_no), 0), 4) as share_of_found
from steps
order by step_no
