-- Mean entropy of people's labels by strongest emotion, as a share of the largest possible.
with entropies as (
    select
        image_id,
        abs(sum((mass / (1 - lost_mass)) * ln(mass / (1 - lost_mass)))) / ln(8) as entropy,
        arg_max(emotion, mass) as emotion
    from emotions
    where taxonomy = 'mikels8' and rater_count >= 3 and lost_mass < 1 and mass > 0
    group by image_id
)

select emotion, count(*) as images, round(avg(entropy), 4) as mean_entropy
from entropies
group by emotion
order by emotion
