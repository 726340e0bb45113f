-- Images to collect until each emotion has as many preserved records as are wanted, at the share of
-- kept images that became one so far, with its 95 % interval (Wilson 1927); their cost at the present
-- price, and people's hours for those that the machines leave to them. Null where no rate is known.
with kept as (
    select count(*) as images from dedup__images
),

wanted as (
    select
        s.emotion,
        s.target_count as target,
        count(r.image_id) filter (where r.state = 'preserved') as records
    from records__class_stops as s
    left join records__emoverse as r on s.emotion = r.emotion
    group by s.emotion, s.target_count
),

prices as (
    select sum(usd) / nullif((select images from kept), 0) as usd_per_image from costs
),

-- Of one image and one person: all that was answered about it.
visits as (
    select image_id, rater_id, sum(duration_s) as seconds
    from review__votes
    where duration_s is not null
    group by image_id, rater_id
),

people as (
    select
        median(seconds) * count(*) / count(distinct image_id) as seconds_per_image,
        (select count(*) from records__emoverse where state = 'human') / nullif((select images from kept), 0) as share_left
    from visits
),

rates as (
    select
        w.*,
        w.records / k.images as rate,
        (w.records / k.images + 1.9208 / k.images) / (1 + 3.8415 / k.images) as middle,
        1.96 * sqrt(w.records / k.images * (1 - w.records / k.images) / k.images + 0.9604 / k.images ^ 2)
        / (1 + 3.8415 / k.images) as reach
    from wanted as w
    cross join kept as k
    where k.images > 0
)

select
    r.emotion,
    r.records,
    r.target,
    round(r.rate, 6) as share_of_images,
    ceil(greatest(0, r.target - r.records) / nullif(r.rate, 0))::bigint as images_needed,
    ceil(greatest(0, r.target - r.records) / (r.middle + r.reach))::bigint as images_at_least,
    case
        when r.records > 0
            then ceil(greatest(0, r.target - r.records) / nullif(r.middle - r.reach, 0))::bigint
    end as images_at_most,
    round(images_needed * p.usd_per_image, 2) as usd_needed,
    round(images_needed * h.share_left * h.seconds_per_image / 3600, 1) as people_hours
from rates as r
cross join prices as p
cross join people as h
order by r.emotion
