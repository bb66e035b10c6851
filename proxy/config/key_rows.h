/* key_rows: pure. The macros in which the rows of the configuration's keys are written. For keys.c and model_keys.c. */
#ifndef POINTSMAN_CONFIG_KEY_ROWS_H
#define POINTSMAN_CONFIG_KEY_ROWS_H

#include "proxy/config/private.h"

#include <stddef.h>

#define DAY 86400.0 /* seconds */
#define MANY SCHEMA_ENDLESS

/* The struct that holds each section's values. */
#define FILE_STRUCT config_settings
#define ENTRY_STRUCT deployment_source
#define PARAMS_STRUCT deployment_source
#define INFO_STRUCT deployment_source
#define TIER_STRUCT tier_source
#define ROUTER_STRUCT config_settings
#define RETRIES_STRUCT policy_source
#define ALLOWED_STRUCT policy_source
#define LITELLM_STRUCT config_settings
#define GENERAL_STRUCT config_settings
#define TELEMETRY_STRUCT config_settings
#define DEBUG_LOG_STRUCT config_settings
#define SESSION_LOG_STRUCT config_settings
#define STRATEGY_STRUCT strategy_settings
#define ERROR_RULE_STRUCT error_rule_source

#define RANGED(SECTION, TYPE, NAME, MIN, MAX, FIELD, INITIAL, DOC) \
    {.section = SECTION_##SECTION,                                 \
     .type = SCHEMA_##TYPE,                                        \
     .name = NAME,                                                 \
     .min = MIN,                                                   \
     .max = MAX,                                                   \
     .offset = offsetof(struct SECTION##_STRUCT, FIELD),           \
     .initial = {INITIAL},                                         \
     .doc = DOC}
#define USED(SECTION, TYPE, NAME, FIELD, INITIAL, DOC) RANGED(SECTION, TYPE, NAME, 0, 0, FIELD, INITIAL, DOC)
#define WORDS(SECTION, NAME, LIST, FIELD, DOC)           \
    {.section = SECTION_##SECTION,                       \
     .type = SCHEMA_WORD,                                \
     .name = NAME,                                       \
     .words = LIST,                                      \
     .offset = offsetof(struct SECTION##_STRUCT, FIELD), \
     .initial = {"usual"},                               \
     .doc = DOC}
#define WARNS(SECTION, NAMES, DOC) {.section = SECTION_##SECTION, .use = SCHEMA_WARNS, .name = NAMES, .doc = DOC}
#define HARMLESS(SECTION, NAMES) {.section = SECTION_##SECTION, .use = SCHEMA_HARMLESS, .name = NAMES}

#endif
