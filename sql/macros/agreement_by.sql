-- Every measure of agreement about one field: agreement_by('emotion'). People among themselves and
-- with the machine, from the review tool; annotators with each other; for the emotion, all judges.
-- Fields: emotion, valence, arousal, description, background, attribute, subject, box.
(field) as table
select
    a.measure,
    'people' as first_judge,
    case
        when a.measure in ('blind_is_machine', 'changed_after_machine') then 'machine'
        when a.measure in ('accepted', 'wrong_accepted') then 'drafts'
        when a.measure in ('weighted_kappa', 'alpha_with_models', 'matched_iou_with_models')
            then 'models'
        when a.measure = 'gold_gap' then 'gold'
        else 'people'
    end as second_judge,
    a.estimate as agreement,
    a.counted
from review__agreement as a
where a.judged_field = field
union all
select 'share_alike', j.first_judge, j.second_judge, j.share_alike, j.pictures
from agreement as j
where field = 'emotion'
union all
select
    'share_' || w.agreement,
    'annotators',
    'annotators',
    round(count(*) / sum(count(*)) over (), 4),
    sum(count(*)) over ()
from verification__words as w
where w.field = field and w.agreement is not null
group by w.agreement
order by measure, first_judge, second_judge
