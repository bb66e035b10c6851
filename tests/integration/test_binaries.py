"""The programs are built as configure.ac requires: position-independent, with a read-only relocation table, no
executable stack, stack protector and checked libc calls. They name no folder to load libraries from."""
import re
import shutil
import subprocess

import pytest
from basics import BUILD
from torture import SANITIZED

PROGRAMS = [BUILD / name for name in ("proxy/pointsman-proxy", "cgi/pointsman-session", "cgi/pointsman-usage",
                                       "cli/pointsman")]
pytestmark = [pytest.mark.skipif(not shutil.which("readelf"), reason="no readelf (binutils)"),
              pytest.mark.skipif(SANITIZED, reason="a sanitizer's build has its own flags"),
              pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)]


def readelf(program, *options):
    return subprocess.run(["readelf", "--wide", *options, program], capture_output=True, text=True, check=True).stdout


def test_segments(program):
    head, segments = readelf(program, "--file-header"), readelf(program, "--program-headers")
    assert re.search(r"Type:\s+DYN", head), "no PIE"
    assert "GNU_RELRO" in segments
    assert re.search(r"GNU_STACK .* RW ", segments), "the stack is executable"
    assert not re.search(r"LOAD .* RWE ", segments), "a segment is writable and executable"


def test_dynamic_section(program):
    dynamic = readelf(program, "--dynamic")
    assert re.search(r"\(FLAGS_1\).*\bNOW\b.*\bPIE\b", dynamic), "lazy binding: the relocation table stays writable"
    assert not re.search(r"\((RPATH|RUNPATH|TEXTREL)\)", dynamic), dynamic


def test_compiler_checks(program):
    symbols = readelf(program, "--dyn-syms")
    assert "__stack_chk_fail" in symbols, "no stack protector"
    assert re.search(r"\b__\w+_chk\b", symbols.replace("__stack_chk_fail", "")), "no _FORTIFY_SOURCE"
    assert not re.search(r" (gets|strcpy|strcat|sprintf|system|popen|mktemp|tmpnam)(@|$)", symbols, re.M)
