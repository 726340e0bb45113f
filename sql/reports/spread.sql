-- Standard deviation of people's ratings by their mean, per tenth of the scale and dimension.
with ratings as (
    select 'valence' as dimension, valence as mean, valence_sd as sd
    from labels__vad
    where starts_with(origin, 'rated:')
    union all
    select 'arousal', arousal, arousal_sd
    from labels__vad
    where starts_with(origin, 'rated:')
)

select
    dimension,
    round(least(9, floor(mean * 10)) / 10 + 0.05, 2) as mean_rating,
    count(*) as images,
    round(avg(sd), 4) as mean_sd
from ratings
where mean is not null and sd is not null
group by dimension, mean_rating
order by dimension, mean_rating
