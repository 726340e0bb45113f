-- No published file breaks a rule of its consumers.
select path, rule, count(*) as entries, min(item_id) as first_item, min(detail) as first_detail
from _exports__violations
group by path, rule
order by all
