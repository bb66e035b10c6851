/* yaml_scalar: what a plain scalar means, in YAML 1.1 as PyYAML reads it: one reading for every file of settings. */
#ifndef POINTSMAN_YAML_SCALAR_H
#define POINTSMAN_YAML_SCALAR_H

#include "common/yaml.h"

/* "", "~" and null, not in quotes. */
bool yaml_is_null(const struct yaml_node *n);
/* true, yes, on; false, no, off; in any case of letters, not in quotes. */
bool yaml_is_true(const struct yaml_node *n);
bool yaml_is_false(const struct yaml_node *n);
/* A finite decimal number, not in quotes. */
bool yaml_is_number(const struct yaml_node *n);
/* The text as a finite decimal number, and nothing else (strtod() alone takes "inf", "0x1" and blanks). */
MUST_CHECK bool yaml_parse_number(const char *text, double *value);
/* No control characters, and at most YAML_TEXT_MAX bytes. */
#define YAML_TEXT_MAX 4096
bool yaml_is_clean(const char *text);
/* The value as an error names it: "a list", "the number 7", "the text \"x\""; its text is left out where it may be a
 * secret, or can't be shown. 64 bytes are room enough. */
void yaml_describe(const struct yaml_node *n, bool secret, char *out, size_t size);

#endif
