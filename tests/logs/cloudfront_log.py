"""A reader of CloudFront's standard logs, written from their documentation and nothing else."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

_NAMES = """
    date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent)
    cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken
    x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status
    fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len
    sc-range-start sc-range-end
"""
FIELDS = _NAMES.split()


def parsed(text: str) -> list[dict[str, str | None]]:
    """The lines of a file, by the names at its head; None is a field without a value."""
    version, names, *lines = text.split("\n")
    assert version == "#Version: 1.0"
    assert names.startswith("#Fields: ")
    assert lines.pop() == "", "the last line is whole"
    fields = names.removeprefix("#Fields: ").split(" ")
    return [line_of(fields, line) for line in lines]


def line_of(fields: list[str], line: str) -> dict[str, str | None]:
    """One line."""
    assert line.isascii()
    assert line.replace("\t", "").isprintable()
    assert " " not in line
    values = [None if value == "-" else _decoded(value) for value in line.split("\t")]
    return dict(zip(fields, values, strict=True))


def _decoded(value: str) -> str:
    return unquote_to_bytes(value).decode("latin-1")


# documented: standard-logs-reference, two of the lines of its example, shortened by their user agents
SAMPLE = (
    "#Version: 1.0\n#Fields: " + " ".join(FIELDS) + "\n"
    "2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/index.html\t200\t-\t"
    "Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)\t-\t-\tHit\t"
    "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\td111111abcdef8.cloudfront.net\thttps\t23\t0.001\t-\t"
    "TLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-\n"
    "2019-12-13\t22:37:02\tSEA19-C2\t900\t192.0.2.200\tGET\td111111abcdef8.cloudfront.net\t/\t502\t-\tcurl/7.55.1\t-\t"
    "-\tError\tkBkDzGnceVtWHqSCqBUqtA_cEs2T3tFUBbnBNkB9El_uVRhHgcZfcw==\twww.example.com\thttp\t387\t0.103\t-\t-\t-\t"
    "Error\tHTTP/1.1\t-\t-\t12644\t0.103\tOriginDnsError\ttext/html\t507\t-\t-\n"
)
