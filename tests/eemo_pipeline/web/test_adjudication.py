"""People are letters to the adjudicator, whatever their number."""

from eemo_pipeline.web.adjudication import name_column


def test_columns_are_named_as_in_a_spreadsheet_without_an_end():
    named = [name_column(place) for place in range(800)]
    assert (named[0], named[9], named[10], named[25]) == ("A", "J", "K", "Z")
    assert (named[26], named[51], named[52], named[702]) == ("AA", "AZ", "BA", "AAA")
    assert len(set(named)) == len(named)
