-- All items of a template make the same claim, in the same form, about as many pictures.
select
    template,
    array_agg(distinct claim order by claim) as claims,
    array_agg(distinct category order by category) as categories,
    array_agg(distinct question_type order by question_type) as question_types,
    array_agg(distinct coalesce(facts ->> '$.dimension', '') order by coalesce(facts ->> '$.dimension', '')) as dimensions,
    array_agg(distinct len(image_ids) order by len(image_ids)) as pictures,
    array_agg(distinct len(options) order by len(options)) as option_counts
from qa__items
group by template
having
    len(claims) > 1
    or len(categories) > 1
    or len(question_types) > 1
    or len(dimensions) > 1
    or len(pictures) > 1
    or len(option_counts) > 1
order by template
