"""The command line `eemo`: commands, options, output and exit codes.

Heavy modules are imported only when a command needs them, so that `eemo --help` answers at once.
"""


def main() -> int:
    """Run one command with the arguments of this process; return the exit code."""
    from eemo_pipeline.cli.app import run_command_line

    return run_command_line()
