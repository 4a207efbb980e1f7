#!/usr/bin/env python3
"""Everything one does with this repository: `python build.py VERB`. Needs only Python and pip.

setup     make the environments .venv/engine and .venv/blender; hosts will find this engine
demo      run the main job in real Blender and leave film, film strip, curves and scene in demo/
test      check the sources, then run every test
check     check the sources only: format, lint, types, import rules
wheel     dist/: the wheels of mynah_shared and mynah_daemon
daemon    dist/: the same wheels with a list of what they need, as one zip; --offline PLATFORM:
          with all they need, to set up the engine in Blender without a network
blender   dist/: the Blender extension, validated
maya      dist/: the Maya module, a zip per platform
three     three.js for the review page, made anew from npm after a change of its version
clean     remove what the other verbs made
"""

from __future__ import annotations

import argparse
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
PLATFORMS = ("linux-x64", "windows-x64", "macos-arm64", "macos-x64")


def main() -> int:
    """Run one verb; 0 if it succeeded, 1 if a check failed, 2 if it could not run."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        print(
            "This is Python {}.{}; build.py needs Python 3.11, 3.12 or 3.13. Run it with one of "
            "those, for example: python3.11 build.py".format(*sys.version_info[:2]),
            file=sys.stderr,
        )
        return 2
    # Only now: the helpers use what older Pythons lack.
    from tools.console import BuildError

    arguments = _parser().parse_args()
    try:
        return arguments.run(arguments) or 0
    except BuildError as error:
        print(f"\n{error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="build.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in (setup, demo, test, check, wheel, daemon, blender, maya, three, clean):
        sub = verbs.add_parser(verb.__name__, help=verb.__doc__)
        sub.set_defaults(run=verb)
        if verb in (setup, demo, test, blender):
            sub.add_argument("--bpy", metavar="VERSION", help="this bpy from the package index")
        if verb is daemon:
            sub.add_argument("--offline", choices=PLATFORMS, help="with all packages for this one")
        if verb is demo:
            sub.add_argument("--blender", metavar="PATH", help="this Blender instead of bpy")
    return parser


def setup(arguments: argparse.Namespace) -> int:
    """Make or refresh both environments, and make this engine the one that hosts find."""
    from tools import environments

    no_capture = environments.capture()
    environments.register_engine(environments.engine())
    ready = [environments.engine(), environments.blender(arguments.bpy)]
    print("Ready:", *ready, sep="\n  ")
    if no_capture:
        print(f"Videos of performers can't be captured: {no_capture}")
    return 0


def demo(arguments: argparse.Namespace) -> int:
    """Run the main job in real Blender and show what came of it."""
    from tools import demonstration

    return demonstration.run(arguments.blender, arguments.bpy)


def test(arguments: argparse.Namespace) -> int:
    """Check the sources and run every test."""
    from tools import quality

    return quality.test(arguments.bpy)


def check(_: argparse.Namespace) -> int:
    """Check format, lint, types and import rules."""
    from tools import quality

    return quality.check()


def wheel(_: argparse.Namespace) -> int:
    """Build the wheels of mynah_shared and mynah_daemon."""
    from tools import packages

    packages.wheels()
    return 0


def daemon(arguments: argparse.Namespace) -> int:
    """Pack the engine's wheels with the list of what they need."""
    from tools import packages

    packages.daemon(arguments.offline)
    return 0


def blender(arguments: argparse.Namespace) -> int:
    """Build and validate the Blender extension."""
    from tools import packages

    packages.blender(arguments.bpy)
    return 0


def maya(_: argparse.Namespace) -> int:
    """Build the Maya module."""
    from tools import packages

    packages.maya()
    return 0


def three(_: argparse.Namespace) -> int:
    """Make the review page's three.js anew; needs npm."""
    from tools import review_page

    review_page.vendor_three()
    return 0


def clean(_: argparse.Namespace) -> int:
    """Remove environments, caches and results."""
    from tools import environments

    environments.clean()
    return 0


if __name__ == "__main__":
    sys.exit(main())
