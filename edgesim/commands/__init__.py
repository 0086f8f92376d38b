"""Commands of the command line, a module each; cli.py puts them together. What they need is imported when they run."""
