# Built by bench/compare or by hand (make bench/decision), and by `make check`, which finds out that one does not compile.
EXTRA_PROGRAMS = bench/load bench/mock_upstream bench/decision bench/keys
bench_load_LDADD = $(common_libs)
bench_mock_upstream_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
bench_mock_upstream_LDADD = $(EVENT_LIBS)
bench_decision_LDADD = proxy/libpure.a $(common_libs) -lm
bench_keys_LDADD = proxy/libpure.a $(common_libs) -lm
EXTRA_DIST += bench/compare bench/compare_report.py bench/compare_servers.py bench/compare_work.py bench/README.md
EXTRA_DIST += bench/faults bench/faults_lab.py bench/faults_parts.py bench/faults_refusals.py bench/faults_streams.py \
	bench/faults_words.py
EXTRA_DIST += bench/hostile bench/hostile_kinds.py
EXTRA_DIST += bench/conformance
EXTRA_DIST += bench/startup bench/usage bench/warmth bench/workers
EXTRA_DIST += bench/measure-dispatch bench/measure-streaming bench/measure_calls.py

# Built by bench/routing-sim: a simulated world, and the proxy's own routing code.
EXTRA_PROGRAMS += bench/routing_sim
EXTRA_DIST += bench/routing-sim bench/routing-tune bench/routing-workload.yaml
bench_routing_sim_LDADD = proxy/libpure.a $(common_libs) -lm
bench_routing_sim_SOURCES = \
	bench/routing/routing_sim.c \
	bench/routing/draws.c bench/routing/draws.h \
	bench/routing/policy.h \
	bench/routing/policy_breaker.c \
	bench/routing/policy_litellm.c \
	bench/routing/policy_markov.c \
	bench/routing/policy_oracle.c \
	bench/routing/policy_p2c.c \
	bench/routing/policy_production.c \
	bench/routing/policy_softmax.c \
	bench/routing/policy_static.c \
	bench/routing/report.c bench/routing/report.h \
	bench/routing/report_json.c \
	bench/routing/tally.c bench/routing/tally.h \
	bench/routing/workload.c bench/routing/workload.h \
	bench/routing/world.c bench/routing/world.h bench/routing/world_private.h \
	bench/routing/world_make.c \
	bench/routing/world_state.c

check-local: $(EXTRA_PROGRAMS)
CLEANFILES += $(EXTRA_PROGRAMS)
