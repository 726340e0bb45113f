-- severity: warn
-- No template is answered without its images much better than by chance: by the answer that is right
-- most often, or by the option that is right most often when it is offered.
select template, item_count, chance, accuracy, offered_accuracy, reason
from qa__blind_baseline
where greatest(coalesce(accuracy, 0), coalesce(offered_accuracy, 0)) > chance + 0.15
order by template
