-- One or two parts of the parent's triplet are replaced by the donor's, the others are the parent's.
select p.prompt_id, p.replaced
from expansion__prompts as p
join records__emoverse as parent on parent.image_id = p.parent_image_id
join records__emoverse as donor on donor.image_id = p.donor_image_id
where
    len(p.replaced) not between 1 and 2
    or donor.emotion <> p.intended_emotion
    or p.background <> if(list_contains(p.replaced, 'background'), donor.background, parent.background)
    or p.attribute <> if(list_contains(p.replaced, 'attribute'), donor.attribute, parent.attribute)
    or p.subject <> if(list_contains(p.replaced, 'subject'), donor.subject, parent.subject)
order by 1
