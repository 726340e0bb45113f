-- Alternatives and their probabilities are lists of the same length, and the probabilities sum to
-- at most 1.
select image_id, annotator, "round", alternatives, alternative_probabilities
from annotation__replies
where
    len(alternatives) is distinct from len(alternative_probabilities)
    or list_sum(alternative_probabilities) > 1.00001
order by image_id, annotator, "round"
