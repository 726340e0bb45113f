-- Hours that people have spent in the review tool, and their seconds per image that one person judged.
select
    count(distinct rater_id) as people,
    count(distinct image_id) as images,
    count(*) as visits,
    round(sum(seconds) / 3600, 4) as hours,
    round(median(seconds), 2) as median_seconds_per_visit,
    round(3600 * count(*) / sum(seconds), 1) as visits_per_hour
from (
    select image_id, rater_id, sum(duration_s) as seconds
    from review__votes
    where duration_s is not null
    group by image_id, rater_id
)
having sum(seconds) > 0
