"""http-tests' cache suite against edgesim: `python tests/conformance/run.py`.

    --suite DIR        a checkout of github.com/http-tests/cache-tests with its dependencies; default: from npm
    --json FILE        keep the results, in the suite's own form
    --id TEST          one test only, with every message
    --choice NAME=VALUE  an open question answered otherwise

Ends with 1 where a required test fails that documented.toml does not explain, or one that it does passes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.conformance.counting import counted, documented, not_passed, stored_counts, table
from tests.conformance.suite import Run, downloaded, run, run_one


def report(told: Run) -> Iterator[str]:
    """What the run has shown, for people to read."""
    rows = {"edgesim": counted(told.tests, told.results)}
    rows |= {f"{one.name} {one.version}".strip(): counted(told.tests, one.results) for one in told.published}
    yield from table(rows | stored_counts())
    yield "N of M tests passed; (+U) could not be tried. Published results: the suite's own, and published.toml."
    for row in documented():
        yield f"\nrequired, and not so at CloudFront: {row.behavior}\n  [{row.source}]"
        yield from (f"  {id_}: {_says(told, id_)}" for id_ in row.tests)
    yield from surprises(told)


def surprises(told: Run) -> Iterator[str]:
    """Where the run and documented.toml disagree."""
    explained = {id_ for row in documented() for id_ in row.tests}
    failed = not_passed(told.tests, told.results)
    for id_ in sorted(failed - explained):
        yield f"\nrequired, fails, and documented.toml does not say why: {id_}: {_says(told, id_)}"
    for id_ in sorted(explained - failed):
        yield f"\ndocumented.toml says that it fails, and it does not: {id_}"


def _says(told: Run, id_: str) -> str:
    result = told.results.get(id_)
    return result[1] if isinstance(result, list) else "passed" if result else "not in this edition of the suite"


def main() -> None:
    """The command."""
    lines = (__doc__ or "").splitlines()
    parser = argparse.ArgumentParser(description=lines[0])
    parser.add_argument("--suite", type=Path, metavar="DIR")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--id", metavar="TEST")
    parser.add_argument("--choice", action="append", default=[], metavar="NAME=VALUE")
    asked = parser.parse_args()
    try:
        suite = asked.suite.resolve() if asked.suite else downloaded()
        if asked.id:
            print(run_one(suite, asked.id, choices=tuple(asked.choice)))
            return
        told = run(suite, choices=tuple(asked.choice))
    except AssertionError as missing:
        sys.exit(f"the cache suite does not run: {missing}")
    if asked.json:
        asked.json.write_text(json.dumps(told.results, indent=2) + "\n")
    print("\n".join(report(told)))
    sys.exit(1 if any(surprises(told)) else 0)


if __name__ == "__main__":
    main()
