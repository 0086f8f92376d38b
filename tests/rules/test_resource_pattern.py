"""Which URLs a policy covers: the guide's own examples, and what follows from its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.rules.resource_pattern import covers

PATHS = st.text("abc*?/.=&", max_size=12)


@pytest.mark.parametrize(
    ("resource", "url", "covered"),
    [
        # documented: private-content-creating-signed-url-custom-policy
        ("https://www.example.com/hello*world", "https://www.example.com/helloworld", True),
        ("https://www.example.com/hello*world", "https://www.example.com/hello-world", True),
        ("https://www.example.com/hello*world", "https://www.example.net/hello?world", False),
        ("https://www.example.com/hello*world", "https://www.example.com/hello?x=world", False),
        ("http://example.com/hello*", "http://example.com/hello", True),
        ("http://example.com/hello*", "http://example.com/hello/you?a=b", True),
        ("http://example.com*", "http://example.com/a?b", True),
        ("http://example.com*", "http://example.com.de/", True),
        ("*example.com", "https://www.example.com/", True),
        ("*example.com", "https://www.example.com/a", False),
        ("*example.com/a", "http://example.com/a", True),
        ("*", "https://d1.cloudfront.net/a?b", True),
        ("https://d1.cloudfront.net/*game_download.zip*", "https://d1.cloudfront.net/game_download.zip", True),
        (
            "https://d1.cloudfront.net/*game_download.zip*",
            "https://d1.cloudfront.net/example_game_download.zip?license=yes",
            True,
        ),
        ("https://d1.cloudfront.net/a.jpg?size=large", "https://d1.cloudfront.net/a.jpg?size=large", True),
        ("https://d1.cloudfront.net/a.jpg\\?size=large", "https://d1.cloudfront.net/a.jpg?size=large", True),
        ("https://d1.cloudfront.net/a.jpg\\?size=*", "https://d1.cloudfront.net/a.jpg?size=1&x=2", True),
        ("https://d1.cloudfront.net/a.jpg\\?*", "https://d1.cloudfront.net/a.jpg", True),
        ("https://d1.cloudfront.net/a.jpg\\?size=large", "https://d1.cloudfront.net/a.jpgxsize=large", False),
        ("*://d1.cloudfront.net/a", "http://d1.cloudfront.net/a", True),
        ("https://d1.cloudfront.net/a", "http://d1.cloudfront.net/a", False),
        ("https://*/a", "https://d1.cloudfront.net/a", True),
        ("https://*.net/a", "https://evil/x.net/a", False),
        ("https://d1.cloudfront.net/?.jpg", "https://d1.cloudfront.net/a.jpg", True),
        ("https://d1.cloudfront.net/?.jpg", "https://d1.cloudfront.net/ab.jpg", False),
        ("https://d1.cloudfront.net/a.jpg", "https://d1.cloudfront.net/a.jpg?x=1", False),
        ("https://d1.cloudfront.net/a*.jpg", "https://d1.cloudfront.net/ab.jpg?x=1", False),
        ("http://localhost:8080/*", "http://localhost:8080/a?x", True),
        ("http://localhost/*", "http://localhost:8080/a", False),
        # inferred
        ("HTTPS://WWW.Example.com/a", "https://www.example.com/a", True),
        ("https://www.example.com/A", "https://www.example.com/a", False),
        ("films/a.flv", "https://www.example.com/films/a.flv", False),
        ("", "https://www.example.com/", False),
    ],
)
def test_a_resource_covers(resource, url, covered):
    assert covers(resource, url) is covered


@given(path=PATHS, query=PATHS)
def test_every_url_covers_itself(path, query):
    url = f"https://www.example.com/{path.replace('?', '')}" + (f"?{query}" if query else "")
    assert covers(url, url)
    assert covers("*", url)


@given(path=PATHS, other=st.text("abc.", min_size=1, max_size=5))
def test_an_asterisk_never_reaches_into_the_domain_or_protocol(path, other):
    assert not covers(f"https://www.example.com/{path}*", f"https://{other}/{path}")
    assert not covers(f"https://www.example.com/{path}*", f"http://www.example.com/{path}")
