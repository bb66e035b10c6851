/* Runs a fuzz target without libFuzzer: on the named files, else on earlier findings of libFuzzer
 * ($srcdir/tests/fuzz/corpus/TARGET), on its seeds and on many changed copies of them. The changes are the same in
 * every run. `--seeds FOLDER` writes the seeds there for libFuzzer. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 1000 /* changed copies of each seed; libFuzzer (make fuzz) goes further */
#define INPUT_MAX 65536

static uint64_t random_state = 88172645463325252u;

static size_t draw(size_t below)
{
    random_state ^= random_state << 13; /* xorshift64: G. Marsaglia, Journal of Statistical Software 8(14), 2003 */
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return below ? (size_t)(random_state % below) : 0;
}

/* Overwrites, inserts, removes or repeats a range. `data` has room for INPUT_MAX bytes. */
static size_t change(uint8_t *data, size_t size)
{
    static const char letters[] = "{}[]\":,\\u0d8e 1-.\n\r%&=+;#/";
    size_t at = draw(size + 1), len = 1 + draw(8);
    switch (draw(4)) {
    case 0:
        if (at < size)
            data[at] = (uint8_t)(draw(4) ? letters[draw(sizeof letters - 1)] : (char)draw(256));
        return size;
    case 1:
        if (size + 1 > INPUT_MAX)
            return size;
        memmove(data + at + 1, data + at, size - at);
        data[at] = (uint8_t)letters[draw(sizeof letters - 1)];
        return size + 1;
    case 2:
        if (at + len > size)
            return size;
        memmove(data + at, data + at + len, size - at - len);
        return size - len;
    default:
        len *= 8;
        if (at + len > size || size + len > INPUT_MAX)
            return size;
        memmove(data + at + len, data + at, size - at);
        return size + len;
    }
}

static void run_seed(const char *seed)
{
    size_t size = strlen(seed);
    uint8_t *data = malloc(INPUT_MAX);
    if (!data || size > INPUT_MAX)
        abort();
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t len = size;
        memcpy(data, seed, size);
        for (size_t changes = round ? 1 + draw(4) : 0; changes > 0; changes--)
            len = change(data, len);
        /* a copy of this length, so that a sanitizer detects reads beyond it */
        uint8_t *exact = malloc(len ? len : 1);
        if (!exact)
            abort();
        memcpy(exact, data, len);
        (void)LLVMFuzzerTestOneInput(exact, len);
        free(exact);
    }
    free(data);
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(1u << 24);
    if (!file || !data) {
        perror(path);
        free(data);
        return 1;
    }
    size_t size = fread(data, 1, 1u << 24, file);
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

/* Runs the corpus of the tree: inputs that once gave libFuzzer new coverage. */
static int run_corpus(const char *program)
{
    char path[4096];
    const char *top = getenv("srcdir"), *slash = strrchr(program, '/');
    const char *name = slash ? slash + 1 : program;
    unsigned files = 0;
    (void)snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", top ? top : ".", name);
    DIR *folder = opendir(path);
    size_t len = strlen(path);
    int status = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path + len, sizeof path - len, "/%s", entry->d_name);
        status |= run_file(path);
        files++;
    }
    if (folder)
        (void)closedir(folder);
    path[len] = '\0';
    if (!files)
        fprintf(stderr, "%s: no inputs\n", path);
    else
        printf("%s: %u inputs\n", path, files);
    return status | !files;
}

static int write_seeds(const char *folder)
{
    char path[4096];
    for (size_t i = 0; fuzz_seeds[i]; i++) {
        (void)snprintf(path, sizeof path, "%s/seed-%zu", folder, i);
        FILE *file = fopen(path, "wb");
        if (!file || fputs(fuzz_seeds[i], file) < 0 || fclose(file) != 0) {
            perror(path);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    int status = 0;
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
        return write_seeds(argv[2]);
    for (int i = 1; i < argc; i++)
        status |= run_file(argv[i]);
    if (argc == 1)
        status |= run_corpus(argv[0]);
    for (size_t i = 0; argc == 1 && fuzz_seeds[i]; i++)
        run_seed(fuzz_seeds[i]);
    return status;
}
