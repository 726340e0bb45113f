-- Scenes and objects that go with an emotion: how many times as frequent they are in its records as
-- in all, among those of three images or more; up to three of each kind and emotion.
with things as (
    select distinct a.image_id, 'scene' as kind, a.scene as thing
    from annotation__replies as a
    where a.scene is not null and a.scene <> 'none'
    union
    select a.image_id, 'object', o.thing
    from annotation__replies as a, unnest(a.objects) as o (thing)
),

named as (
    select t.kind, t.thing, r.emotion, r.image_id
    from things as t
    inner join records__emoverse as r on t.image_id = r.image_id
    where r.emotion is not null
),

totals as (
    select count(*) as images from records__emoverse where emotion is not null
),

lifts as (
    select
        n.kind,
        n.emotion,
        n.thing,
        count(*) as images,
        round(
            count(*) * (select images from totals)
            / (sum(count(*)) over (partition by n.kind, n.thing)
                * (select count(*) from records__emoverse as e where e.emotion = n.emotion)),
            3
        ) as lift
    from named as n
    group by n.kind, n.emotion, n.thing
)

select kind, emotion, thing, images, lift
from lifts
where images >= 3
qualify row_number() over (partition by kind, emotion order by lift desc, images desc, thing) <= 3
order by kind, emotion, lift desc, thing
