-- A candidate is right at most as often as it is counted; both candidates are counted on the same
-- images, and at most one of them is chosen.
select source, fold, "round", drawn_from, chosen_as, verifier_side
from critic__weights
group by source, fold, "round", drawn_from, chosen_as, verifier_side
having
    bool_or(right_count > image_count)
    or sum(right_count) > min(image_count)
    or min(image_count) <> max(image_count)
    or count(*) filter (where is_chosen) > 1
    or bool_or(is_accepted and not is_chosen)
order by source, fold, "round", drawn_from, chosen_as, verifier_side
