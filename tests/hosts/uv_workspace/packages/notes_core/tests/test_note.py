from notes_core import Note


def test_the_first_line_ends_where_the_second_begins():
    assert Note('a\nb').first_line() == 'a'
