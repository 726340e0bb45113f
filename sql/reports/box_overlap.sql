-- Boxes that people drew or confirmed, by their overlap with the draft: the largest intersection over
-- union with one of its boxes, 0 where it has none. A confirmed draft has 1 by definition.
with checked as (
    select
        row_number() over (order by image_id, rater_id) as check_no,
        vote,
        case when vote = 'confirmed' then draft_json else said_json end as drawn,
        coalesce(draft_json, '[]') as drafted
    from review__votes
    where phase = 'drafts' and reviewed_field = 'box' and vote in ('confirmed', 'corrected')
),

corners as (
    select
        check_no,
        vote,
        origin,
        box,
        (box ->> 'x1_px')::double as x1,
        (box ->> 'y1_px')::double as y1,
        (box ->> 'x2_px')::double as x2,
        (box ->> 'y2_px')::double as y2
    from (
        select check_no, vote, 'people' as origin, unnest(from_json(drawn, '["json"]')) as box from checked
        union all
        select check_no, vote, 'draft', unnest(from_json(drafted, '["json"]')) from checked
    )
),

matched as (
    select
        p.check_no,
        p.vote,
        p.box,
        coalesce(max(
            greatest(0, least(p.x2, d.x2) - greatest(p.x1, d.x1)) * greatest(0, least(p.y2, d.y2) - greatest(p.y1, d.y1))
            / nullif(
                (p.x2 - p.x1) * (p.y2 - p.y1) + (d.x2 - d.x1) * (d.y2 - d.y1)
                - greatest(0, least(p.x2, d.x2) - greatest(p.x1, d.x1))
                * greatest(0, least(p.y2, d.y2) - greatest(p.y1, d.y1)),
                0
            )
        ), 0) as iou
    from corners as p
    left join corners as d on p.check_no = d.check_no and d.origin = 'draft'
    where p.origin = 'people'
    group by p.check_no, p.vote, p.box
)

select
    vote,
    least(9, floor(iou * 10))::integer as iou_tenth,
    count(*) as boxes,
    round(avg(iou), 4) as mean_iou
from matched
group by vote, iou_tenth
order by vote, iou_tenth
