-- The decisions of all stages about one image, in order. Parameter: $image_id.
select 1 as step_no, 'ingest' as stage, source || ': ' || "path" as outcome, resolved_by as reason
from ingest__records
where image_id = $image_id
union all
select 2, 'dedup', if(is_kept, 'kept', 'dropped for ' || kept_image_id), reason
from dedup__clusters
where image_id = $image_id
union all
select 3, 'labels', coalesce(dominant_emotion, 'no dominant emotion'), coalesce(reason, status)
from labels__rankings
where image_id = $image_id
union all
select 4, 'annotation', annotator || ': ' || coalesce(emotion, 'no answer'), coalesce(reason, status)
from replies
where image_id = $image_id
union all
select 5, 'verification', verifier || ': ' || coalesce(emotion, 'abstains'), coalesce(reason, status)
from verification__replies
where image_id = $image_id
union all
select 6, 'critic', field || ': ' || verdict, array_to_string(codes, ', ')
from critic__verdicts
where image_id = $image_id
union all
select 7, 'records', state || ': ' || coalesce(emotion, 'no emotion'), reason
from records__emoverse
where image_id = $image_id
union all
select 8, 'qa', item_count || ' items', reason
from _qa__coverage
where image_id = $image_id
union all
select 8, 'qa', 'no items of ' || array_to_string(templates, ', '), reason
from _qa__refusals
where image_id = $image_id
union all
select 9, 'assess', task || if(is_selected, ': selected', ': not selected'), reason
from _assess__candidates
where image_id = $image_id
order by 1, 3, 4
