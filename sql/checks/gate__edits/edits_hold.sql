-- severity: warn
-- Every value that a person changed by hand is in its table; others wait because their row changed.
select edited_table, edited_key, edited_column, old_json, new_json, found_json, edit_state
from gate__edits
where edit_state in ('value_has_changed', 'row_is_gone')
order by 1, 2, 3
