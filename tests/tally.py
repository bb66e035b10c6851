"""Counts test cases: prints "PASSED FAILED SKIPPED".

    tally.py cmocka FOLDER    automake's logs of cmocka programs
    tally.py junit FILE       pytest's JUnit XML
"""
import pathlib
import re
import sys
import xml.etree.ElementTree


def cmocka(folder):
    passed = failed = skipped = 0
    for log in pathlib.Path(folder).glob("*.log"):
        text = log.read_text(errors="replace")
        passed += sum(map(int, re.findall(r"^\[  PASSED  \] (\d+) test", text, re.M)))
        skipped += sum(map(int, re.findall(r"^\[  SKIPPED \] (\d+) test", text, re.M)))
        cases = sum(map(int, re.findall(r"^\[  FAILED  \] (\d+) test", text, re.M)))
        # A program that crashed, or that a sanitizer ended, counts even though none of its cases failed.
        ended_well = ":test-result: PASS" in log.with_suffix(".trs").read_text()
        failed += cases or not ended_well
    return passed, failed, skipped


def junit(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    suites = list(root.iter("testsuite"))
    tests, failures, errors, skipped = (sum(int(suite.get(key, 0)) for suite in suites)
                                        for key in ("tests", "failures", "errors", "skipped"))
    failed = failures + errors
    return max(tests - failed - skipped, 0), failed, skipped


if __name__ == "__main__":
    print(*{"cmocka": cmocka, "junit": junit}[sys.argv[1]](sys.argv[2]))
