-- Every person of a record has one emotion and one place for each rating.
select image_id, judgement_count, rater_ids, felt_emotions
from records__aigiemo
where
    len(rater_ids) <> len(felt_emotions)
    or len(rater_ids) <> len(also_felt)
    or len(rater_ids) <> len(felt_valences)
    or len(rater_ids) <> len(felt_arousals)
    or len(list_filter(felt_emotions, lambda felt: felt <> '')) <> judgement_count
order by image_id
