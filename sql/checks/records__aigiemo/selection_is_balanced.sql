-- As many images of each emotion are selected as of every other emotion that people named.
select emotion, count(*) filter (where is_selected) as selected_count
from records__aigiemo
where emotion is not null
group by emotion
having
    count(*) filter (where is_selected) <> (
        select min(per_class.selected_count)
        from (
            select count(*) filter (where other.is_selected) as selected_count
            from records__aigiemo as other
            where other.emotion is not null
            group by other.emotion
        ) as per_class
    )
order by emotion
