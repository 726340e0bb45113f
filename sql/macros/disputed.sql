-- The images about whose emotion people differ most, by the entropy of their answers as a share of
-- the largest possible (0: all alike, 1: every emotion equally often): disputed().
-- Options: min_votes := 3 people at least, taxonomy := 'mikels8' or 'ekman7'. Labels of a source
-- without a number of people are left out.
(min_votes := 3, taxonomy := 'mikels8') as table
with kinds as (
    select e.taxonomy, case e.taxonomy when 'mikels8' then 8 else 7 end as classes
    from (values ('mikels8'), ('ekman7')) as e (taxonomy)
),

told as (
    select
        p.image_id,
        p.judgement_count as votes,
        unnest(
            ['amusement', 'anger', 'awe', 'contentment', 'disgust', 'excitement', 'fear', 'sadness']
        ) as emotion,
        unnest(p.distribution) as share
    from review__records as p
    where p.judgement_count >= min_votes and p.distribution is not null
),

shares as (
    select
        e.image_id,
        e.taxonomy,
        'labels' as said_in,
        e.rater_count as votes,
        e.emotion,
        e.mass / (1 - e.lost_mass) as share
    from emotions as e
    where e.rater_count >= min_votes and e.lost_mass < 1
    union all
    select image_id, 'mikels8', 'review tool', votes, emotion, share
    from told
    where share > 0
)

select
    s.image_id,
    s.said_in,
    s.votes,
    round(abs(sum(s.share * ln(s.share))) / ln(any_value(k.classes)), 4) as dispute,
    list(s.emotion order by s.share desc, s.emotion) as emotions,
    any_value(i.image_path) as image_path
from shares as s
inner join kinds as k on s.taxonomy = k.taxonomy
inner join images as i on s.image_id = i.image_id
where s.taxonomy = taxonomy
group by s.image_id, s.said_in, s.votes
having count(*) > 1
order by dispute desc, s.votes desc, s.image_id
