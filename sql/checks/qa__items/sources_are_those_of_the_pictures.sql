-- An item's sources are those of its pictures, each once, in order.
select q.item_id, q.template, q.sources, a.sources as first_sources, b.sources as second_sources
from qa__items as q
left join dedup__images as a on q.image_ids[1] = a.image_id
left join dedup__images as b on q.image_ids[2] = b.image_id
where
    case
        when b.image_id is null then q.sources is distinct from a.sources
        else q.sources is distinct from list_sort(list_distinct(list_concat(a.sources, b.sources)))
    end
order by q.item_id
