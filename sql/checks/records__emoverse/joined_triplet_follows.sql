-- The joined triplet is that of the three parts, and there is none where a part is empty.
select image_id, background, attribute, subject, joined_triplet
from records__emoverse
where joined_triplet is distinct from background || '-' || attribute || '-' || subject
order by image_id
