/* loop: memory that hiredis always gets. hiredis 0.14 aborts the program if hi_malloc() has none, also while it closes
 * a connection, and it does not check sdsempty() when all of its buffer is written. The library calls both through the
 * dynamic linker, so the functions below take their places. They fall back on blocks that were reserved before. */
#include "proxy/cache/redis_memory.h"

#include <hiredis/sds.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 16 /* more than one connection needs, from its beginning to its end */
#define BYTES 256 /* more than the largest: a socket's address */

void *hi_malloc(size_t size);
void *hi_calloc(size_t count, size_t size);
char *hi_strdup(const char *text);

static void *blocks[BLOCKS];
static sds texts[BLOCKS];
static unsigned block_count, text_count;

bool redis_memory_reserve(void)
{
    while (block_count < BLOCKS && (blocks[block_count] = malloc(BYTES)))
        block_count++;
    while (text_count < BLOCKS && (texts[text_count] = sdsnewlen("", 0)))
        text_count++;
    return block_count == BLOCKS && text_count == BLOCKS;
}

void *hi_malloc(size_t size)
{
    void *block = malloc(size);
    if (!block && size <= BYTES && block_count)
        block = blocks[--block_count];
    if (!block)
        abort();
    return block;
}

void *hi_calloc(size_t members, size_t size)
{
    void *block = hi_malloc(members * size);
    return memset(block, 0, members * size);
}

char *hi_strdup(const char *text)
{
    size_t len = strlen(text) + 1;
    return memcpy(hi_malloc(len), text, len);
}

sds sdsempty(void)
{
    sds text = sdsnewlen("", 0);
    return text || !text_count ? text : texts[--text_count];
}
