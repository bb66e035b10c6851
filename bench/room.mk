# Built by bench/compare or by hand (make bench/decision), not by a plain make.
EXTRA_PROGRAMS = bench/load bench/mock_upstream bench/decision
bench_load_LDADD =
bench_mock_upstream_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
bench_mock_upstream_LDADD = $(EVENT_LIBS)
bench_decision_LDADD = proxy/libpure.a $(common_libs) -lm
EXTRA_DIST += bench/compare bench/faults bench/faults_lab.py bench/faults_refusals.py bench/faults_streams.py bench/README.md
EXTRA_DIST += bench/measure-dispatch bench/measure-streaming bench/measure_calls.py
