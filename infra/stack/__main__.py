"""Commands of the local stack: up, down, status, demo, clean, run.

Usage: python -m infra.stack COMMAND (the Makefile names them all).
"""

import argparse
import os
import shutil
import sys

from infra.stack import certificates, cluster, probes, programs, transport
from infra.stack.layout import LOOPBACK, Stack


def up(stack: Stack) -> None:
    """Set up and start every service."""
    from infra.stack import setup

    setup.prepare(stack)
    setup.start(stack)


def down(stack: Stack) -> None:
    """Stop every service; nothing of this stack is left running."""
    strays = programs.stop(stack)
    print("stopped" + (f"; {strays} stray processes were ended" if strays else ""))


def status(stack: Stack) -> None:
    """Print one line a service; exit 0 only when all truly answer."""
    failures = 0
    for name, probe in probes.SERVICES.items():
        reason = probes.failure(probe, stack)
        failures += reason is not None
        print(f"{'ok  ' if reason is None else 'FAIL'}  {name}{'' if reason is None else ': '}"
              f"{reason or ''}")  # fmt: skip
    sys.exit(1 if failures else 0)


def demo(stack: Stack) -> None:
    """Set up, run the samples through the pipeline to its end, print what came out."""
    from infra.stack import demo as story

    up(stack)
    story.run(stack)


def clean(stack: Stack) -> None:
    """Stop and remove the state folder, with all data in it."""
    down(stack)
    shutil.rmtree(stack.state, ignore_errors=True)
    if stack.state not in cluster.folder(stack).parents:
        shutil.rmtree(cluster.folder(stack).parent, ignore_errors=True)
    print(f"removed {stack.state}")


def tls(stack: Stack) -> None:
    """Make an authority and certificates for trials, for PRECRISIS_TLS=on."""
    certificates.make(stack.tls, {LOOPBACK, "localhost", stack.outside_host})
    print(f"written to {stack.tls}; let browsers trust ca.pem, and set PRECRISIS_TLS=on")


def test(stack: Stack) -> None:
    """Run the whole test suite on a stack that starts from nothing."""
    from infra.stack import testing

    testing.run(stack)


COMMANDS = {
    "up": up, "down": down, "status": status, "demo": demo, "test": test, "clean": clean,
    "tls": tls,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="infra.stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in COMMANDS.items():
        commands.add_parser(name, help=function.__doc__)
    program = commands.add_parser("run", help="become one program of the stack (supervisor)")
    program.add_argument("program")
    arguments = parser.parse_args()
    stack = Stack.from_environment()
    os.environ.update(transport.environment(stack))  # our own clients check certificates too
    if arguments.command == "run":
        programs.run(stack, arguments.program)
    else:
        COMMANDS[arguments.command](stack)


if __name__ == "__main__":
    main()
