# Unit tests: a line here and tests/unit/test_NAME.c. What is pure is all they link.
LDADD = proxy/libpure.a $(common_libs) $(CMOCKA_LIBS) -lm
noinst_HEADERS = tests/unit/unit.h

check_PROGRAMS += \
	tests/unit/test_buf \
	tests/unit/test_guard \
	tests/unit/test_json \
	tests/unit/test_paths \
	tests/unit/test_secret

# Integration tests run by ./check, in Python: see tests/integration/README.md.
EXTRA_DIST += tests/requirements.txt
