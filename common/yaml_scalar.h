/* yaml_scalar: the meaning of plain scalars, in YAML 1.1 as PyYAML reads it; the same for all configuration files. */
#ifndef POINTSMAN_YAML_SCALAR_H
#define POINTSMAN_YAML_SCALAR_H

#include "common/yaml.h"

/* "", "~" and null, without quotes. */
bool yaml_is_null(const struct yaml_node *n);
/* true, yes, on; false, no, off; in any case, without quotes. */
bool yaml_is_true(const struct yaml_node *n);
bool yaml_is_false(const struct yaml_node *n);
/* A finite decimal number, without quotes. */
bool yaml_is_number(const struct yaml_node *n);
/* Parses a finite decimal number and nothing else; strtod() alone accepts "inf", "0x1" and blanks. */
MUST_CHECK bool yaml_parse_number(const char *text, double *value);
/* Returns whether the text has no control characters and at most YAML_TEXT_MAX bytes. */
#define YAML_TEXT_MAX 4096 /* bytes */
bool yaml_is_clean(const char *text);
/* Formats the value for an error: "a list", "the number 7", "the text \"x\"". Leaves the text out if it may be a secret
 * or is not printable. 64 bytes are enough. */
void yaml_describe(const struct yaml_node *n, bool secret, char *out, size_t size);

#endif
