# SPDX-License-Identifier: Apache-2.0
"""tree.py -- what the checks written in Python share: files, comments, the verdict."""
import pathlib
import re
import subprocess
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


def unbraced(name):
    """What a name with braces stands for: a_{b,c} is a_b and a_c."""
    match = re.search(r"\{([^{}]*)\}", name)
    if not match:
        return [name]
    head, tail = name[: match.start()], name[match.end() :]
    return [n for middle in match.group(1).split(",") for n in unbraced(head + middle + tail)]


def tests_of(build):
    """The names of all tests, as ctest has them behind the label: those of the test programs in
    that build directory, which are asked, and the cases of tests/conform. One of many values,
    Suite.Test/Value, is there without its value too."""
    names = set()
    for program in ("kith_core_tests", "kith_actors_tests", "kith_sctp_tests"):
        path = ROOT / build / "tests" / program
        if not path.exists():
            print(f"{path} is not there; build first")
            sys.exit(1)
        listed = subprocess.run([path, "--gtest_list_tests"], capture_output=True, text=True, check=True)
        suite = ""
        for line in listed.stdout.split("\n"):
            name = line.split("#")[0].strip()
            if not line.startswith(" "):
                suite = name.lstrip("/")
            elif name:
                names.update((suite + name, suite + name.split("/")[0]))
    for _, text in files("tests/conform/*_cases.cc"):
        names.update("Conform." + case for case in re.findall(r"^CASE\(\s*([a-z0-9_]+),", text, re.M))
    return names


def fault(path, line, what):
    """Reports one, in the form that editors jump to."""
    global _faults
    _faults += 1
    print(f"{path}:{line}: {what}")


def finish(name):
    """Ends the check: status 1 if anything was reported."""
    print(f"{name}: {_faults or 'no'} fault{'s' if _faults != 1 else ''}")
    sys.exit(1 if _faults else 0)
