"""The command line: parse, ask one function of the study, hand the answer to one writer."""


def main() -> None:
    """Run the command line; errors of ours become one message a fault and an exit code."""
    from siteselect.cli.door import enter

    enter()
