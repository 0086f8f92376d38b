"""`python -m edgesim`, and the command `edgesim`."""

from edgesim.starting import leave_at_interrupt, write_anything


def main() -> None:
    """The command line, which is imported when Ctrl-C is taken care of."""
    leave_at_interrupt()
    write_anything()
    from edgesim.cli import main as command

    command()


if __name__ == "__main__":
    main()
