# Built by bench/compare, not by a plain make.
EXTRA_PROGRAMS = bench/load bench/mock_upstream
bench_load_LDADD =
bench_mock_upstream_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
bench_mock_upstream_LDADD = $(EVENT_LIBS)
EXTRA_DIST += bench/compare bench/README.md
