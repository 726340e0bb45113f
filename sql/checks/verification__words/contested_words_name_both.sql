-- Texts that differ are both named, with their authors; texts that agree have no other.
select image_id, field, agreement, annotator, text, other_annotator, other_text
from verification__words
where
    (agreement in ('contested', 'compatible')) <> (other_text is not null)
    or (other_text is null) <> (other_annotator is null)
    or other_annotator = annotator
    or other_text = text
order by image_id, field
