"""Counts test cases: prints "PASSED FAILED SKIPPED".

    tally.py automake FOLDER  automake's logs below it: the cases of cmocka programs, or the program as one
    tally.py junit FILE       pytest's JUnit XML
"""
import pathlib
import re
import sys
import xml.etree.ElementTree


def cmocka_cases(text, outcome):
    return sum(map(int, re.findall(rf"^\[  {outcome:8}\] (?:.*: )?(\d+) test", text, re.M)))


def automake(folder):
    total = [0, 0, 0]
    for result in pathlib.Path(folder).rglob("*.trs"):
        text = result.with_suffix(".log").read_text(errors="replace")
        passed, failed, skipped = (cmocka_cases(text, outcome) for outcome in ("PASSED", "FAILED", "SKIPPED"))
        # A program without cases is one; one that crashed, or that a sanitizer ended, has failed whatever its cases
        # say.
        verdict = result.read_text()
        if ":test-result: SKIP" in verdict:
            skipped = skipped or 1
        elif ":test-result: PASS" not in verdict:
            failed = failed or 1
        elif not passed + skipped:
            passed = 1
        total = [sum(pair) for pair in zip(total, (passed, failed, skipped))]
    return total


def junit(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    suites = list(root.iter("testsuite"))
    tests, failures, errors, skipped = (sum(int(suite.get(key, 0)) for suite in suites)
                                        for key in ("tests", "failures", "errors", "skipped"))
    failed = failures + errors
    return max(tests - failed - skipped, 0), failed, skipped


if __name__ == "__main__":
    print(*{"automake": automake, "junit": junit}[sys.argv[1]](sys.argv[2]))
