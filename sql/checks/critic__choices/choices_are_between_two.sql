-- The critic compared two different emotions, chose one of them or none, and named evidence for a
-- choice; the settled emotion is one of the two, and accepted only where labels weighed the choice.
select image_id, "round", emotion, rival, candidates, chosen, settled_emotion, is_accepted
from critic__choices
where
    emotion = rival
    or list_sort(candidates) <> list_sort([emotion, rival])
    or (chosen is not null and chosen not in (emotion, rival))
    or (chosen is not null and len(evidence) = 0)
    or settled_emotion not in (emotion, rival)
    or (is_accepted and (chosen is null or lower_bound is null))
order by image_id, "round"
