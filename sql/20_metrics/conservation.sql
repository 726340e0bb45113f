-- One row per stage and unit: rows in, out and refused; a difference other than 0 is a defect.
--
-- step_no: Place of the stage in the order of the pipeline
-- stage: Stage of the pipeline
-- unit: What is counted
-- rows_in: Number that came in
-- rows_out: Number that went on
-- rows_refused: Number that was refused or dropped, each with a reason
-- difference: rows_in minus rows_out minus rows_refused: 0, or a defect
with steps (step_no, stage, unit, rows_in, rows_out, rows_refused) as (
    select
        1, 'ingest', 'file',
        (select coalesce(sum(found), 0) from _ingest__counts where unit = 'file'),
        (select count(*) from files where outcome = 'record'),
        (select count(*) from files where outcome = 'reject')
    union all
    select
        2, 'ingest', 'row',
        (select coalesce(sum(found), 0) from _ingest__counts where unit = 'row'),
        (
            select count(*)
            from (
                select source, table_path, "row"
                from ingest__annotations
                where "row" is not null
                union
                select source, table_path, "row"
                from ingest__words
            )
        ),
        (select count(*) from ingest__rejects where "row" is not null)
    union all
    select
        3, 'ingest', 'record',
        (select count(*) from ingest__records),
        (select coalesce(sum(occurrence_count), 0) from ingest__images),
        0
    union all
    select
        4, 'dedup', 'image',
        (select count(*) from ingest__images),
        (select count(*) from dedup__images),
        (select count(*) from dedup__clusters where not is_kept)
    union all
    select
        5, 'labels', 'image',
        (select count(*) from dedup__images),
        (select count(*) from labels__rankings where status = 'ok'),
        (select count(*) from labels__rankings where status <> 'ok')
    union all
    select
        6, 'annotation', 'image and annotator',
        (select count(*) from dedup__images) * (select count(distinct annotator) from annotation__replies),
        (select count(*) from annotation__replies where status = 'ok'),
        (select count(*) from annotation__replies where status <> 'ok')
    union all
    select
        7, 'verification', 'image and verifier',
        (select count(*) from dedup__images) * (select count(distinct verifier) from verification__replies),
        (select count(*) from verification__replies where status = 'ok'),
        (select count(*) from verification__replies where status <> 'ok')
    union all
    select
        8, 'grounding', 'image',
        (select count(*) from dedup__images),
        (select count(distinct image_id) from grounding__regions where status = 'ok'),
        (
            select count(*)
            from (
                select image_id
                from grounding__regions
                group by image_id
                having not bool_or(status = 'ok')
            )
        )
    union all
    select
        9, 'critic', 'image',
        (select count(*) from dedup__images),
        (select count(distinct image_id) from critic__verdicts),
        0
    union all
    select
        10, 'records', 'image',
        (select count(*) from dedup__images),
        (select count(*) from records__emoverse where state <> 'dropped'),
        (select count(*) from records__emoverse where state = 'dropped')
    union all
    select
        11, 'texts', 'image (description)',
        (select count(*) from dedup__images),
        (select count(*) from texts__descriptions where status = 'ok'),
        (select count(*) from texts__descriptions where status <> 'ok')
    union all
    select
        12, 'texts', 'image (reasoning)',
        (select count(*) from dedup__images),
        (select count(*) from texts__reasonings where status = 'ok'),
        (select count(*) from texts__reasonings where status <> 'ok')
    union all
    select
        13, 'qa', 'image',
        (select count(*) from dedup__images),
        (select count(*) from _qa__coverage where item_count > 0),
        (select count(*) from _qa__coverage where item_count = 0)
    union all
    select
        14, 'assess', 'image and task',
        (select count(*) from dedup__images) * (select count(distinct task) from _assess__candidates),
        (select count(*) from _assess__candidates where is_selected),
        (select count(*) from _assess__candidates where not is_selected)
)

select
    step_no,
    stage,
    unit,
    rows_in::bigint as rows_in,
    rows_out::bigint as rows_out,
    rows_refused::bigint as rows_refused,
    (rows_in - rows_out - rows_refused)::bigint as difference
from steps
order by step_no
