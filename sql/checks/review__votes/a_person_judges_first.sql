-- Nobody answers a draft, or the machine's emotion, before their own judgement is stored.
select v.image_id, v.rater_id, v.phase, v.reviewed_field, v.event_no
from review__votes as v
where
    v.phase in ('drafts', 'reconciled')
    and not exists (
        select 1
        from review__votes as own
        where
            own.task_id = v.task_id
            and own.rater_id = v.rater_id
            and own.phase = 'blind'
            and own.reviewed_field = 'emotion'
            and own.event_no < v.event_no
    )
order by 1, 2, 3, 4
