# Unit tests: a line here and tests/unit/test_NAME.c. What is pure is all they link.
LDADD = proxy/libpure.a $(common_libs) $(CMOCKA_LIBS) -lm
noinst_HEADERS = tests/unit/unit.h

check_PROGRAMS += \
	tests/unit/test_buf \
	tests/unit/test_config \
	tests/unit/test_failure \
	tests/unit/test_fields \
	tests/unit/test_guard \
	tests/unit/test_health \
	tests/unit/test_http_parse \
	tests/unit/test_journal \
	tests/unit/test_json \
	tests/unit/test_keys \
	tests/unit/test_paths \
	tests/unit/test_plan \
	tests/unit/test_provider \
	tests/unit/test_secret \
	tests/unit/test_yaml

# The journal is not pure: its test brings it along.
tests_unit_test_journal_SOURCES = tests/unit/test_journal.c proxy/record/journal.c
tests_unit_test_fields_LDADD = cgi/libfields.a $(common_libs) $(CMOCKA_LIBS)
tests_unit_test_keys_LDADD = $(tests_unit_test_fields_LDADD)

# Run by ./check, in Python.
EXTRA_DIST += tests/pytest.ini tests/requirements.txt tests/tally.py tests/integration tests/browser tools .ci
