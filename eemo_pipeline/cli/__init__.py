"""The command line `eemo`: commands, options, output and exit codes.

Heavy modules are imported only when a command needs them, so that `eemo --help` answers at once.
"""

import sys

from eemo_pipeline.execution.garbage import collect_seldom


def main() -> int:
    """Run one command with the arguments of this process; return the exit code."""
    collect_seldom()
    try:
        from eemo_pipeline.cli.app import run_command_line

        return run_command_line()
    except KeyboardInterrupt:  # while modules are imported, or an error is shown
        sys.stderr.write("interrupted\n")
        return 130
