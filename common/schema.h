/* schema: pure. Reads a YAML file by a table of the keys that it may have. A row has a key's section, name, type,
 * range, default, struct field, and its sentence for the reference in doc/. The table also produces the error messages
 * and the reference, so a new key needs only a row and the code that uses it. */
#ifndef POINTSMAN_SCHEMA_H
#define POINTSMAN_SCHEMA_H

#include "common/yaml.h"

#include <limits.h>

/* The type of a value and of the field that stores it. */
enum schema_type {
    SCHEMA_TEXT,         /* struct schema_text */
    SCHEMA_SECRET,       /* struct schema_text; errors do not show the value */
    SCHEMA_LABEL,        /* struct schema_text; may be a number */
    SCHEMA_TEXT_OR_BOOL, /* struct schema_text: the text, "true" or "false" */
    SCHEMA_BOOL,         /* bool */
    SCHEMA_WORD,         /* unsigned: index into `words` */
    SCHEMA_INT,          /* int; unsigned if min is 0 or more */
    SCHEMA_COUNT,        /* int64_t */
    SCHEMA_NUMBER,       /* double */
    SCHEMA_SECONDS,      /* int, in milliseconds; the file has seconds */
    SCHEMA_NUMBERS,      /* struct schema_numbers: the name has a '*', and the value of each matching key is a number */
    SCHEMA_LIST,         /* const struct yaml_node * */
    SCHEMA_MAPPING,      /* const struct yaml_node * */
};

enum schema_use {
    SCHEMA_USED,
    SCHEMA_HARMLESS, /* accepted and ignored */
    SCHEMA_WARNS,    /* accepted with a warning that names the missing effect */
};

#define SCHEMA_ENDLESS 1e15  /* a `max` that means no limit, for the reference and errors */
#define SCHEMA_UNSET INT_MIN /* no default, for SCHEMA_INT, SCHEMA_SECONDS and SCHEMA_COUNT */
#define SCHEMA_VARIANTS 2

struct schema_row {
    unsigned section;
    enum schema_use use;
    enum schema_type type;
    /* One name; several, separated by blanks, if not SCHEMA_USED. A '*' matches any text: "x_*", "x_*_y". */
    const char *name;
    double min, max; /* of numbers, in the unit of the file; equal: no range */
    size_t offset;   /* of the field in the section's struct */
    /* The default, as written in the file. "" or a remark in parentheses: none; the field is then NULL, NAN,
     * SCHEMA_UNSET, false or 0. The second element is the default of schema.variant 1; NULL: the same as the first. */
    const char *initial[SCHEMA_VARIANTS];
    const char *doc;          /* one sentence for the reference; SCHEMA_WARNS: the missing effect */
    const char *const *words; /* SCHEMA_WORD, SCHEMA_LIST: the allowed values, NULL-terminated; else NULL */
};

struct schema_section {
    const char *name;              /* in error messages; "" for the top level */
    const struct schema_row *rows; /* rows of other sections in it are ignored; ends with a row without a name */
};

struct schema {
    const struct schema_section *sections; /* indexed by schema_row.section */
    unsigned variant;                      /* index of the defaults in use */
};

/* A text, borrowed from the file's tree, the environment, or the table (a default). */
struct schema_text {
    const char *text;     /* NULL: no default, and not given or its variable is not set */
    const char *variable; /* NAME of os.environ/NAME, else NULL */
    unsigned line;        /* 0: not given */
};

#define SCHEMA_NUMBERS_MAX 8 /* keys that match one name with a '*' */

/* The values of all keys that match a name with a '*'. */
struct schema_numbers {
    unsigned count;
    struct schema_number {
        struct slice star; /* the part that matched the '*'; borrowed from the tree */
        unsigned line;
        double value;
    } of[SCHEMA_NUMBERS_MAX];
};

/* The state of reading a file. */
struct schema_reader {
    const char *file;   /* for error messages; NULL: they name no file */
    struct buf *errors; /* one line each, separated by '
                         * ': "file:line: key: ..." */
    unsigned error_count, warning_count;
    /* Looks up a variable. Set it for LiteLLM's files: os.environ/NAME is then resolved, and a number in quotes or an
     * unknown key is only a warning. NULL: these are errors. */
    const char *(*env)(const char *name, void *ctx);
    void *env_ctx;
    void (*warn)(const char *message, void *ctx); /* receives each warning; may be NULL */
    void *warn_ctx;
    struct schema_warning *warnings; /* for schema_report(), which frees them; newest first */
};

/* Appends a line "file:line: ..." to the errors; line 0: without the line. */
void schema_error(struct schema_reader *r, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);
/* Stores a warning for schema_report(). */
void schema_warn(struct schema_reader *r, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);
/* Passes the warnings to warn() as "file:line: ...", in the order of their first lines, and frees them. A warning that
 * several lines cause is passed once, with the number of these lines. Sets warning_count to the number of different
 * warnings. */
void schema_report(struct schema_reader *r);
/* Returns the value of a variable; NULL: not set, or empty. */
const char *schema_env(const struct schema_reader *r, const char *name);

/* Stores the defaults of a section's rows in its struct. */
void schema_init(const struct schema *schema, unsigned section, void *into);
/* Reads a section's mapping into its struct. A missing or wrong value leaves its field unchanged, and wrong values add
 * errors. `mapping` NULL or empty: no change. */
void schema_read(struct schema_reader *r, const struct schema *schema, unsigned section,
                 const struct yaml_node *mapping, void *into);
/* Reads one value by the row's type, range and words. `what`: name of the value in the error. false: an error was
 * added. */
bool schema_read_value(struct schema_reader *r, const char *what, const struct schema_row *row,
                       const struct yaml_node *n, void *field);
/* Finds the text in `words`, which is NULL-terminated, and sets *index. false: not found. */
bool schema_find_word(const char *const *words, const char *text, unsigned *index);

/* Appends a description of the values that a row allows: "a whole number from 0 to 100". */
void schema_expects(const struct schema_row *row, struct buf *out);
/* Appends a section's keys as a Markdown table: key, value, default, meaning. */
void schema_reference(const struct schema *schema, unsigned section, struct buf *out);

#endif
