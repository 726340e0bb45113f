-- Range and variance follow from the class shares, in percentage points.
with computed as (
    select
        scope,
        sum(image_count) as image_count,
        100 * (max(class_share) - min(class_share)) as share_range_points,
        var_pop(100 * class_share) as share_variance
    from expansion__class_shares
    group by scope
)

select b.scope, b.image_count, b.share_range_points, b.share_variance
from expansion__balance as b
left join computed as c on c.scope = b.scope
where
    b.image_count is distinct from c.image_count
    or abs(b.share_range_points - c.share_range_points) > 1e-5
    or abs(b.share_variance - c.share_variance) > 1e-5
order by 1
