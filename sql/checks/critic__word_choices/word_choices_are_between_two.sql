-- The critic saw two different texts and kept one of them with its author and evidence, or none.
select image_id, "round", field, candidates, annotator, text
from critic__word_choices
where
    len(list_distinct(candidates)) <> 2
    or (text is null) <> (annotator is null)
    or (text is not null and (not list_contains(candidates, text) or len(evidence) = 0))
order by image_id, "round", field
