-- Each text of a record names the annotator who wrote it, and an empty one names nobody.
select image_id, description, background, attribute, subject, word_annotators
from records__emoverse
where
    len(word_annotators) <> 4
    or (description is null) <> (word_annotators[1] = '')
    or (background is null) <> (word_annotators[2] = '')
    or (attribute is null) <> (word_annotators[3] = '')
    or (subject is null) <> (word_annotators[4] = '')
order by image_id
