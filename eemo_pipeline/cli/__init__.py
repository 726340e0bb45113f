"""The command line `eemo`: what people type, and what they read on the terminal.

Belongs here: commands, their options, output and exit codes. Does not belong here: any work on
data (the modules below do it) or Dagster (`automation.py` knows it). Nothing heavy is imported
before a command needs it, so that `eemo --help` answers at once.
"""


def main() -> int:
    """Run one command with the arguments of this process; returns the exit code."""
    from eemo_pipeline.cli.app import run_command_line

    return run_command_line()
