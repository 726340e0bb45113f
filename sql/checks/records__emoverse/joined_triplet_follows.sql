-- The joined triplet is that of the three parts, and there is none where a part is empty; the words
-- have an author.
select image_id, background, attribute, subject, joined_triplet, annotator
from records__emoverse
where
    joined_triplet is distinct from background || '-' || attribute || '-' || subject
    or (
        annotator is null
        and coalesce(description, background, attribute, subject) is not null
    )
order by image_id
