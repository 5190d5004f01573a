# SPDX-License-Identifier: Apache-2.0
"""tree.py -- what the checks written in Python share: files, comments, the verdict."""
import pathlib
import re
import sys

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parent.parent

_faults = 0


def files(*patterns):
    """The files of the tree that match, sorted, as (path from the root, text)."""
    found = set()
    for pattern in patterns:
        found.update(p for p in ROOT.glob(pattern) if p.is_file())
    for p in sorted(found):
        yield p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8", errors="replace")


_TOKEN = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
    re.S | re.X,
)


def bare(text):
    """The text without comments and without what stands in literals; lines keep their number."""

    def replace(match):
        token = match.group()
        if token[0] in "\"'":
            return token[0] * 2
        return " " + "\n" * token.count("\n")

    return _TOKEN.sub(replace, text)


def no_comments(text):
    """The same, but literals stay."""

    def replace(match):
        token = match.group()
        if token[0] in "\"'":
            return token
        return " " + "\n" * token.count("\n")

    return _TOKEN.sub(replace, text)


def includes(text):
    """(line number, name with its quotes or angles) of each #include."""
    for number, line in enumerate(no_comments(text).split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*(<[^>]*>|"[^"]*")', line)
        if match:
            yield number, match.group(1)


def fault(path, line, what):
    """Reports one, in the form that editors jump to."""
    global _faults
    _faults += 1
    print(f"{path}:{line}: {what}")


def finish(name):
    """Ends the check: status 1 if anything was reported."""
    print(f"{name}: {_faults or 'no'} fault{'s' if _faults != 1 else ''}")
    sys.exit(1 if _faults else 0)
