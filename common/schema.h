/* schema: pure. Which keys a YAML file may have. A table has one row per key: section, name, type, range, default,
 * where the value is stored, and the sentence for the reference. The table reads the file, words its errors and prints
 * the reference, so a new key takes its row and its use. */
#ifndef POINTSMAN_SCHEMA_H
#define POINTSMAN_SCHEMA_H

#include "common/yaml.h"

#include <limits.h>

/* The type of a value, and of the field that stores it. */
enum schema_type {
    SCHEMA_TEXT,         /* struct schema_text */
    SCHEMA_SECRET,       /* struct schema_text; errors don't show the value */
    SCHEMA_LABEL,        /* struct schema_text; a number is text too */
    SCHEMA_TEXT_OR_BOOL, /* struct schema_text: the text, "true" or "false" */
    SCHEMA_BOOL,         /* bool */
    SCHEMA_WORD,         /* unsigned: index into `words` */
    SCHEMA_INT,          /* int; unsigned if min is 0 or more */
    SCHEMA_COUNT,        /* int64_t */
    SCHEMA_NUMBER,       /* double */
    SCHEMA_SECONDS,      /* int, milliseconds */
    SCHEMA_NUMBERS,      /* struct schema_numbers: the name has a '*', each key that it stands for is a number */
    SCHEMA_LIST,         /* const struct yaml_node * */
    SCHEMA_MAPPING,      /* const struct yaml_node * */
};

enum schema_use {
    SCHEMA_USED,
    SCHEMA_HARMLESS, /* accepted and ignored */
    SCHEMA_WARNS,    /* accepted with a warning that says what will not happen */
};

#define SCHEMA_ENDLESS 1e15  /* a `max` that the reference and errors leave out */
#define SCHEMA_UNSET INT_MIN /* SCHEMA_INT, SCHEMA_SECONDS and SCHEMA_COUNT without a default */
#define SCHEMA_VARIANTS 2

struct schema_row {
    unsigned section;
    enum schema_use use;
    enum schema_type type;
    const char *name; /* one name; several, separated by blanks, if not SCHEMA_USED. A '*' stands for any text: "x_*",
                         "x_*_y" */
    double min, max;  /* of numbers; equal: no range */
    size_t offset;    /* of the field in the section's struct */
    /* The default, as the file would have it. "" or a remark in parentheses: there is none, and the field is NULL, NAN,
     * SCHEMA_UNSET, false or 0. The second one is the variant's, NULL if it is the same. */
    const char *initial[SCHEMA_VARIANTS];
    const char *doc;          /* one sentence; SCHEMA_WARNS: what will not happen */
    const char *const *words; /* SCHEMA_WORD, SCHEMA_LIST: what is allowed, NULL-terminated; else NULL */
};

struct schema {
    const struct schema_row *rows; /* ends at a row without a name */
    const char *const *sections;   /* their names as errors have them, by number; "" for the top level */
    unsigned variant;              /* which of the defaults holds */
};

/* A text from the file. It is borrowed from the tree, the environment or the table. */
struct schema_text {
    const char *text;     /* NULL: no default, and not given or its variable is not set */
    const char *variable; /* the NAME of os.environ/NAME, else NULL */
    unsigned line;        /* 0: not given */
};

#define SCHEMA_NUMBERS_MAX 8

/* The values of all keys that a name with a '*' stands for. */
struct schema_numbers {
    unsigned count;
    struct schema_number {
        struct slice star; /* what the '*' stands for: a part of the tree */
        unsigned line;
        double value;
    } of[SCHEMA_NUMBERS_MAX];
};

/* A file that is being read. */
struct schema_reader {
    const char *file;   /* as errors name it; NULL: they name no file */
    struct buf *errors; /* one line each, separated by '\n': "file:line: key: ..." */
    unsigned error_count, warning_count;
    /* Set: the file is LiteLLM's. os.environ/NAME is followed, a number in quotes or an unknown key is a warning. NULL:
     * these are errors. */
    const char *(*env)(const char *name, void *ctx);
    void *env_ctx;
    void (*warn)(const char *message, void *ctx); /* receives each warning; may be NULL */
    void *warn_ctx;
    struct schema_warning *warnings; /* waiting for schema_report(), last first */
};

/* Adds one line "file:line: ..." to the errors; line 0 leaves the line out. */
void schema_error(struct schema_reader *r, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);
/* Keeps a warning for schema_report(). */
void schema_warn(struct schema_reader *r, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);
/* Gives the warnings to warn(), "file:line: ...", in the order of their lines' first. One that was made several times,
 * for different lines, is given once with their number. Frees them; warning_count is how many were given. */
void schema_report(struct schema_reader *r);
/* The value of a variable that is set and not empty, else NULL. */
const char *schema_env(const struct schema_reader *r, const char *name);

/* Stores the defaults of a section's rows in its struct. */
void schema_init(const struct schema *schema, unsigned section, void *into);
/* Reads a section's mapping (NULL or empty: nothing) into its struct. Absent and wrong values leave their fields alone.
 */
void schema_read(struct schema_reader *r, const struct schema *schema, unsigned section,
                 const struct yaml_node *mapping, void *into);
/* Reads one value by type, range and words of the row. false: one error, which calls the value `what`. */
bool schema_read_value(struct schema_reader *r, const char *what, const struct schema_row *row,
                       const struct yaml_node *n, void *field);
/* The index of the text in `words`, NULL-terminated; false: it is not among them. */
bool schema_find_word(const char *const *words, const char *text, unsigned *index);

/* Appends what a row allows: "a whole number from 0 to 100". */
void schema_expects(const struct schema_row *row, struct buf *out);
/* Appends a section's keys as a Markdown table: key, value, default, meaning. */
void schema_reference(const struct schema *schema, unsigned section, struct buf *out);

#endif
