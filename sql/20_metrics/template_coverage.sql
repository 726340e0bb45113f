-- One row per question template and split: items, images, the share of the commonest answer, or the
-- reason for having none.
--
-- items: Items of the template in the split
-- pictures: Distinct images that these items show
-- answers: Distinct answers
-- commonest_answer_share [share]: Share of the items with the most frequent answer
-- candidates: Questions that the template could ask, of all splits, before selection
-- reason: Code of the reason for which the template has no items; null where it has some
with answers as (
    select template, split, answer, count(*) as items
    from qa__items
    group by template, split, answer
),

commonest as (
    select template, split, sum(items) as items, max(items) as most, count(*) as answers
    from answers
    group by template, split
),

shown as (
    select template, split, unnest(image_ids) as image_id
    from qa__items
),

pictures as (
    select template, split, count(distinct image_id) as pictures
    from shown
    group by template, split
)

select
    t.template,
    t.category,
    t.question_type,
    t.claim,
    c.split,
    coalesce(c.items, 0)::bigint as items,
    coalesce(p.pictures, 0) as pictures,
    coalesce(c.answers, 0) as answers,
    round(c.most / c.items, 4) as commonest_answer_share,
    t.candidate_count as candidates,
    t.reason
from _qa__templates as t
left join commonest as c on t.template = c.template
left join pictures as p on c.template = p.template and c.split = p.split
order by t.template, c.split
