-- Per source and taxonomy, the shares of the labels sum to 1, and only mapped labels name an
-- emotion.
select source, taxonomy, sum(label_share) as label_share
from labels__label_fates
group by source, taxonomy
having
    abs(sum(label_share) - 1) > 0.001
    or bool_or((fate = 'mapped') <> (emotion is not null))
order by source, taxonomy
