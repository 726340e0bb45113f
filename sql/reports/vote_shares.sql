-- Images by the share of people's labels on the strongest emotion, where three people or more chose.
select
    least(9, floor(mass / (1 - lost_mass) * 10))::integer as share_tenth,
    count(*) as images
from emotions
where taxonomy = 'mikels8' and emotion_rank = 1 and not is_tied and rater_count >= 3 and lost_mass < 1
group by share_tenth
order by share_tenth
