-- The decisions of all stages about one image, in their order: history(image_id).
(one) as table
select 1 as step_no, 'ingest' as stage, source || ': ' || "path" as outcome, resolved_by as reason
from ingest__records
where image_id = one
union all
select 2, 'dedup', case when is_kept then 'kept' else 'dropped for ' || kept_image_id end, reason
from dedup__clusters
where image_id = one
union all
select 3, 'labels', coalesce(dominant_emotion, 'no dominant emotion'), coalesce(reason, status)
from labels__rankings
where image_id = one
union all
select 4, 'annotation', annotator || ': ' || coalesce(emotion, 'no answer'), coalesce(reason, status)
from replies
where image_id = one
union all
select 5, 'verification', verifier || ': ' || coalesce(emotion, 'abstains'), coalesce(reason, status)
from verification__replies
where image_id = one
union all
select 6, 'critic', 'round ' || round || ', ' || field || ': ' || verdict, array_to_string(codes, ', ')
from critic__verdicts
where image_id = one
union all
select 7, 'records', state || ': ' || coalesce(emotion, 'no emotion'), reason
from records__emoverse
where image_id = one
union all
select 8, 'qa', item_count || ' items', reason
from _qa__coverage
where image_id = one
union all
select 8, 'qa', 'no items of ' || array_to_string(templates, ', '), reason
from _qa__refusals
where image_id = one
union all
select 9, 'assess', task || case when is_selected then ': selected' else ': not selected' end, reason
from _assess__candidates
where image_id = one
union all
select
    10,
    'gate',
    edited_by || ' changed ' || edited_column || ' of ' || edited_table || ' from ' || old_json
        || ' to ' || new_json,
    edit_state
from gate__edits
where json_extract_string(edited_key, '$.image_id') = one
order by 1, 3, 4
