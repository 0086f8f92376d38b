"""Scenario files into Scenario values, with every problem of a file at once, in its place."""
