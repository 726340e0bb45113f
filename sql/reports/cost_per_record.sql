-- What one preserved record costs at the present yield, and the images that are left to people.
select
    round(sum(usd), 4) as usd,
    (select count(*) from dedup__images) as images,
    (select count(*) from records__emoverse where state = 'preserved') as preserved,
    (select count(*) from records__emoverse where state = 'human') as left_to_people,
    round(sum(usd) / nullif((select count(*) from dedup__images), 0), 6) as usd_per_image,
    round(sum(usd) / nullif((select count(*) from records__emoverse where state = 'preserved'), 0), 6)
        as usd_per_record
from costs
having count(*) > 0
