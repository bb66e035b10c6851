/* redis_memory: memory that hiredis gets in any case. */
#ifndef POINTSMAN_CACHE_REDIS_MEMORY_H
#define POINTSMAN_CACHE_REDIS_MEMORY_H

#include "common/buf.h"

/* Reserves what hiredis can't do without: for a connection, from its beginning to its end, and for commands. Call
 * before each of them. false: out of memory: make no connection, send no command. */
MUST_CHECK bool redis_memory_reserve(void);

#endif
