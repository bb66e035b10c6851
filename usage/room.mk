# Sums over the request log, for the command and for programs that follow the log.
noinst_LIBRARIES += usage/libusage.a
usage_libusage_a_CFLAGS = $(AM_CFLAGS) $(CJSON_CFLAGS)
usage_libusage_a_SOURCES = \
	usage/dates.c usage/dates.h \
	usage/filter.c usage/filter.h \
	usage/fold.c usage/fold.h \
	usage/follow.c usage/follow.h \
	usage/line.c usage/line.h \
	usage/log.c usage/log.h \
	usage/names.c usage/names.h \
	usage/report.c usage/report.h \
	usage/sketch.c usage/sketch.h \
	usage/sums.c usage/sums.h \
	usage/sums_file.c usage/sums_file.h \
	usage/text.c usage/text.h \
	usage/turns.c usage/turns.h
