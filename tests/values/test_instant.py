import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgesim.testing.make import NOW
from edgesim.testing.strategies import instants
from edgesim.values.instant import http_date, iso_utc, parse_http_date

IN_1994 = 784_111_777.0


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        pytest.param("Sun, 06 Nov 1994 08:49:37 GMT", IN_1994, id="the form in use"),
        pytest.param("Sunday, 06-Nov-94 08:49:37 GMT", IN_1994, id="the form of RFC 850"),
        pytest.param("Sun Nov  6 08:49:37 1994", IN_1994, id="the form of asctime"),
        pytest.param("Sun, 06 Nov 1994 08:49:37", IN_1994, id="no zone is GMT"),
        pytest.param("0", None, id="zero is no date"),
        pytest.param("-1", None, id="a negative number is no date"),
        pytest.param("3600", None, id="a number of seconds is no date"),
        pytest.param("", None, id="nothing is no date"),
        pytest.param("Sun, 99 Nov 1994 08:49:37 GMT", None, id="no such day"),
        pytest.param("Sun, 06 Nov 1994 08:49:37 +9999", None, id="no such zone"),
        pytest.param("Sun, 06 Nov 99999 08:49:37 GMT", None, id="a year beyond all calendars"),
    ],
)
def test_dates_are_read(text, instant):
    assert parse_http_date(text) == instant


@given(st.text() | st.text("0123456789 :-+,GMTESunNov", max_size=40))
@example("Sun, 06 Nov 1994 08:49:37 +" + "9" * 5000)
@example("9" * 5000 + " Nov 1994 08:49:37")
def test_any_text_is_a_date_or_none(text):
    assert parse_http_date(text) is None or isinstance(parse_http_date(text), float)


@given(instants)
def test_what_is_written_is_read_back(instant):
    assert parse_http_date(http_date(instant)) == instant


def test_dates_for_logs_have_milliseconds():
    assert iso_utc(NOW + 0.25) == "2025-05-06T10:00:00.250Z"
    assert http_date(NOW + 0.9) == "Tue, 06 May 2025 10:00:00 GMT"
