"""Scenarios: what a viewer sends, what must reach the origin, what the origin answers, what the viewer must get, and
how much time lies in between. The language is in scenarios/README.md, and for editors in schema.json.

    model.py     what a scenario says, as values; outcome.py: what came of it
    language/    files → Scenario values, with every problem of a file at once, in its place
    playing/     a Scenario on an edge in this process, on a clock that only moves when told → an Outcome
    runner/      which scenarios, on how many processes, and what is said of how they came out
    recording/   traffic → a scenario
"""
