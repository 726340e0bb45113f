-- One row per kept image and event in its history, in the order in which they follow from one
-- another: the source that has it, duplicates, labels, what models said, what people said, its
-- record, questions, edits by hand, releases. Machines leave no times in tables: order by step_no, then
-- happened_at.
--
-- step_no: Place of the stage in the pipeline, from 1
-- event: What happened: read, compared, labelled, answered, verified, located, judged, decided, ...
-- actor: Source, model or person who did it; null for a rule
-- outcome: What came of it
-- reason: Code or word that says why
-- happened_at: Time, UTC, ISO 8601, where a person acted; null for machines
with said as (
    select
        image_id,
        rater_id,
        phase,
        string_agg(
            reviewed_field || ' ' || vote || coalesce(' ' || trim(said_json, '"'), ''),
            ', '
            order by reviewed_field
        ) as outcome,
        max(voted_at) as happened_at
    from review__votes
    group by image_id, rater_id, phase
),

released as (
    select
        release_no,
        unnest(image_ids) as image_id,
        case config when 'records' then 'record' when 'qa' then 'question' else 'item' end as kind
    from release__rows
    where config <> 'images'
),

counted as (
    select release_no, image_id, kind, count(*) as row_count
    from released
    group by release_no, image_id, kind
),

found as (
    select
        image_id,
        round,
        model,
        count(*) filter (where status = 'ok' and region_no > 0) as region_count,
        case when count(*) filter (where status = 'ok' and region_no > 0) = 0 then any_value(reason) end as reason
    from (
        select image_id, 1 as round, model, status, region_no, reason from grounding__regions
        union all
        select image_id, round, model, status, region_no, reason from _critic__regions
    )
    group by image_id, round, model
),

happened as (
    select image_id, 1 as step_no, 'ingest' as stage, 0 as round, 'read' as event, source as actor, "path" as outcome, resolved_by as reason, null as happened_at
    from ingest__records
    union all
    select image_id, 2, 'dedup', 0, 'compared', null, case when is_kept then 'kept' else 'dropped for ' || kept_image_id end, reason, null
    from dedup__clusters
    union all
    select image_id, 3, 'labels', 0, 'labelled', case when status = 'ok' then 'people' end, coalesce(dominant_emotion, 'no dominant emotion'), coalesce(reason, nullif(status, 'ok')), null
    from labels__rankings
    union all
    select image_id, 4, 'annotation', round, case when round = 1 then 'answered' else 'revised' end, annotator, coalesce(emotion, 'no answer'), coalesce(reason, nullif(status, 'ok')), null
    from replies
    union all
    select image_id, 5, 'verification', 0, 'verified', verifier, coalesce(emotion, 'abstains'), coalesce(reason, nullif(status, 'ok')), null
    from verification__replies
    union all
    select image_id, 6, 'grounding', round, 'located', model, region_count || ' regions', reason, null
    from found
    union all
    select image_id, 7, 'critic', round, 'judged', critic, field || ': ' || verdict, array_to_string(codes, ', '), null
    from critic__verdicts
    union all
    select image_id, 8, 'review', 0, 'said', rater_id, outcome, phase, happened_at
    from said
    union all
    select image_id, 9, 'records', 0, 'decided', null, state || ': ' || coalesce(emotion, 'no emotion'), reason, null
    from records__emoverse
    union all
    select image_id, 10, 'qa', 0, 'asked', null, item_count || ' items', reason, null
    from _qa__coverage
    union all
    select image_id, 10, 'qa', 0, 'not asked', null, 'no items of ' || array_to_string(templates, ', '), reason, null
    from _qa__refusals
    union all
    select image_id, 11, 'assess', 0, 'asked', null, task || case when is_selected then ': selected' else ': not selected' end, reason, null
    from _assess__candidates
    union all
    select
        json_extract_string(edited_key, '$.image_id'),
        12,
        'gate',
        edit_no,
        'edited',
        edited_by,
        edited_column || ' of ' || edited_table || ' from ' || old_json || ' to ' || new_json,
        edit_state,
        edited_at
    from gate__edits
    where json_extract_string(edited_key, '$.image_id') is not null
    union all
    select
        image_id,
        13,
        'release',
        release_no,
        'released',
        null,
        'release ' || release_no || ': ' || string_agg(row_count || ' ' || kind || case when row_count = 1 then '' else 's' end, ', ' order by kind),
        null,
        null
    from counted
    group by image_id, release_no
)

select
    image_id,
    step_no,
    stage,
    round,
    event,
    actor,
    outcome,
    reason,
    happened_at
from happened
order by image_id, step_no, round, happened_at nulls first, actor, outcome
