-- What does each column of a view mean?
select column_name, type, unit, meaning from meta.dictionary where table_name = 'images'
