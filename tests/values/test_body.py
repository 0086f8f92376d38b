from edgesim.values.body import NO_BODY, Span, Ticket, length_of


def test_the_length_of_bytes_is_their_number():
    assert length_of(b"hello") == 5
    assert length_of(NO_BODY) == 0


def test_a_ticket_has_the_length_that_was_declared_or_none():
    assert length_of(Ticket(7)) == 7
    assert length_of(Ticket()) is None


def test_a_ticket_shows_its_length():
    assert repr(Ticket(7)) == "<Ticket 7 bytes>"
    assert repr(Ticket()) == "<Ticket ? bytes>"


def test_spans_are_values():
    assert Span(0, 5) == Span(0, 5)
