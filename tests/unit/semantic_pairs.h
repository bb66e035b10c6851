/* Pairs of short requests, for the semantic tier: alike in wording but opposite in meaning, and with one meaning in two
 * wordings. An answer to one of an opposite pair must never be sent for the other. */
#ifndef POINTSMAN_SEMANTIC_PAIRS_H
#define POINTSMAN_SEMANTIC_PAIRS_H

static const char *const OPPOSITES[][2] = {
    {"Rename function parse_header to read_header in src/http.c",
     "Rename function read_header to parse_header in src/http.c"},
    {"Increase the timeout in config.yaml from 30 to 60 seconds",
     "Increase the timeout in config.yaml from 60 to 30 seconds"},
    {"Add a unit test for user_login in tests/test_auth.py", "Add a unit test for user_logout in tests/test_auth.py"},
    {"Fix the off-by-one error in line 120 of parser.c", "Fix the off-by-one error in line 210 of parser.c"},
    {"Enable TLS certificate verification in the client", "Disable TLS certificate verification in the client"},
    {"Delete the file a.txt", "Delete the file b.txt"},
    {"Which ports does the server open by default?", "Which ports does the server close by default?"},
    {"Write a SQL query that lists all users with no orders", "Write a SQL query that lists all users with orders"},
    {"Sort the list in ascending order in Python", "Sort the list in descending order in Python"},
    {"Is this change safe to merge?", "Is this change not safe to merge?"},
    {"Explain why malloc can return NULL", "Explain why calloc can return NULL"},
    {"Replace all tabs with spaces in the repository", "Replace all spaces with tabs in the repository"},
    {"Upgrade openssl from 1.1 to 3.0", "Downgrade openssl from 3.0 to 1.1"},
    {"Convert this Python 2 script to Python 3", "Convert this Python 3 script to Python 2"},
    {"git command to undo the last commit and keep the changes",
     "git command to undo the last commit and discard the changes"},
    {"Make the function return true when the list is empty", "Make the function return false when the list is empty"},
    {"Run the tests in debug mode", "Run the tests in release mode"},
    {"Bind the server to 127.0.0.1 only", "Bind the server to 0.0.0.0 only"},
    {"Grant user alice read access to the bucket", "Grant user bob write access to the bucket"},
    {"What does commit 4f2a91c change?", "What does commit 9bd013e change?"},
};

static const char *const PARAPHRASES[][2] = {
    {"Rename function parse_header to read_header in src/http.c",
     "In src/http.c, parse_header should be called read_header"},
    {"Add a unit test for user_login in tests/test_auth.py",
     "Write a test in tests/test_auth.py that covers user_login"},
    {"How do I undo the last git commit but keep my changes?",
     "git: revert the most recent commit while keeping the working tree"},
    {"Explain what a race condition is", "What is a race condition?"},
    {"Sort the list in ascending order in Python", "How can I sort a Python list from smallest to largest?"},
    {"Which ports does the server open by default?", "What are the default listening ports of the server?"},
    {"Enable TLS certificate verification in the client", "Turn on certificate checks for TLS in the client"},
    {"Summarize what this repository does", "Give me a short overview of this project"},
    {"Write a SQL query that lists all users with no orders", "SQL to find users who never ordered anything"},
    {"Convert this Python 2 script to Python 3", "Port this script from Python 2 to 3"},
    {"Why does malloc return NULL?", "What makes malloc return a null pointer?"},
    {"Delete all log files older than 7 days", "Remove logs that are more than a week old"},
    {"Make the function return true when the list is empty", "The function should give true for an empty list"},
    {"Bind the server to 127.0.0.1 only", "The server must listen on localhost only"},
    {"Replace all tabs with spaces in the repository", "Use spaces instead of tabs everywhere in the repo"},
    {"Run the tests in debug mode", "Execute the test suite with debugging on"},
    {"Increase the timeout in config.yaml from 30 to 60 seconds",
     "Set the timeout in config.yaml to 60 seconds instead of 30"},
    {"How do I exit vim?", "How can I quit vim?"},
    {"Fix the memory leak in parser.c", "There is a memory leak in parser.c, please fix it"},
    {"Upgrade openssl from 1.1 to 3.0", "Move openssl from version 1.1 to 3.0"},
};

#endif
