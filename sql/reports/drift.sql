-- Mean blind rating by the place of the image in a person's work, in steps of ten images.
select
    reviewed_field,
    (10 * floor((place - 1) / 10))::bigint as images_before,
    count(*) as ratings,
    round(avg(rating), 4) as mean_rating,
    round(median(duration_s), 2) as median_duration_s
from (
    select
        *,
        row_number() over (partition by rater_id, reviewed_field order by event_no) as place
    from review__votes
    where phase = 'blind' and rating is not null and is_counted
)
group by reviewed_field, images_before
order by reviewed_field, images_before
