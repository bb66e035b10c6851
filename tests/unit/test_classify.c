/* Unit tests of cli/run/classify and cli/run/fold: the class of prompts, as a table. The traps are words that contain
 * the letters of a term. */
#include "tests/unit/unit.h"
#include "cli/run/classify.h"
#include "cli/run/clean.h"
#include "cli/run/fold.h"

static void words_of(const char *text, const char *expected)
{
    struct buf out;
    buf_init(&out, 1024);
    assert_true(fold_add(slice_of(text), &out));
    assert_buf(&out, expected);
    buf_free(&out);
}

TEST(accents_and_case_are_folded)
{
    words_of("L'ÉTAPE n°2", " l etape n 2 ");
    words_of("Sécurité, Œuvre; Straße ÀÉÎÕÜÇÑ", " securite œuvre strasse aeioucn ");
    words_of("ŐŽŠ ţ Ấ Ǆ ŉa", " ozs t a dz ʼna ");
    words_of("e\xcc\x81t\xc3\xa9", " ete "); /* a combining accent */
    words_of("l’api « latest » — fin…", " l api latest fin ");
    words_of("test_foo API-key a.b/c", " test_foo api key a b c ");
    words_of("проверка 文書 ok", " проверка 文書 ok ");
    words_of("ΣΊΣΥΦΟΣ Й İ", " σισυφοσ и i ");
    words_of("ﬁn ＡＰＩ＿２ s\xc3\xa9"
             "cu\xc2\xad"
             "rit\xc3\xa9 x² №5",
             " fin api_2 securite x2 no5 ");
    words_of("한국어",
             " \xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xe1\x84\x80\xe1\x85\xae\xe1\x86\xa8\xe1\x84\x8b\xe1\x85\xa5 ");
    words_of("\xef\xb7\xba!", " صلى الله عليه وسلم "); /* one character, four words */
    words_of("🙂ok👍🏽 a\xe2\x80\x8d"
             "b",
             " ok ab ");
    words_of("a\xff\xfe"
             "b",
             " a b ");
    words_of("", " ");
}

TEST(a_full_buffer_keeps_whole_words)
{
    struct buf out;
    buf_init(&out, 12);
    assert_false(fold_add(SLICE("one two three four"), &out));
    assert_buf(&out, " one two ");
    buf_free(&out);
    buf_init(&out, 11);
    assert_false(fold_add(SLICE("one two a\xd0\xb6"), &out)); /* one byte is left, but the letter has two */
    assert_buf(&out, " one two ");
    buf_free(&out);
}

TEST(terms_are_found_as_whole_words)
{
    struct slice words = SLICE(" review all of these logs for the latest bug critique ");
    assert_true(fold_contains(words, "bug critique"));
    assert_true(fold_contains(words, "review"));
    assert_true(fold_contains(words, "review ~ logs"));
    assert_true(fold_contains(words, "all ~ these"));
    assert_true(fold_contains(words, "review ~ all"));
    assert_false(fold_contains(words, "test"));
    assert_false(fold_contains(words, "bug ~ review"));
    assert_false(fold_contains(words, "review ~ for")); /* four words in between */
    assert_false(fold_contains(words, "log"));
    assert_false(fold_contains(SLICE(" "), "log"));
    assert_false(fold_contains(SLICE(" a review"), "review"));
}

static void what_of(const char *prompt, enum task_class class, const char *kinds)
{
    struct classified c;
    classify(slice_of(prompt), estimate_tokens(slice_of(prompt)), &c);
    char found[4] = "";
    size_t n = 0;
    if (c.is_long)
        found[n++] = 'L';
    if (c.is_open)
        found[n++] = 'O';
    if (c.is_local)
        found[n++] = 'Q';
    if (c.class != class || strcmp(found, kinds) != 0)
        fail_msg("\"%.60s\": %s %s, not %s %s (%s, %s, %s, %s)", prompt, task_class_name(c.class), found,
                 task_class_name(class), kinds, c.because[SIGNAL_COMPLEX], c.because[SIGNAL_MEDIUM],
                 c.because[SIGNAL_SIMPLE], c.because[SIGNAL_LONG]);
}

TEST(prompts_are_classified)
{
    static const struct {
        const char *prompt;
        enum task_class class;
        const char *kinds;
    } CASES[] = {
        {"Fix the typo in README.md", TASK_SIMPLE, ""},
        {"Corrige la coquille dans le titre", TASK_SIMPLE, ""},
        {"Petite modification : renommer la variable total", TASK_SIMPLE, ""},
        {"PETITE MODIFICATION du pied de page", TASK_SIMPLE, ""},
        {"Résumé de la page d'accueil en trois lignes", TASK_SIMPLE, ""},
        {"Re\xcc\x81sume\xcc\x81 de la page", TASK_SIMPLE, ""},
        {"Écris un message de commit pour ce changement", TASK_SIMPLE, ""},
        {"What does the --verbose flag do?", TASK_SIMPLE, ""},
        {"Add a comment above the loop", TASK_SIMPLE, ""},
        {"Comment faire pour afficher une image ?", TASK_MEDIUM, ""},
        {"Document this API", TASK_MEDIUM, ""},
        {"Refactor this Python API and add tests", TASK_MEDIUM, ""},
        {"Ajoute des tests unitaires au module de facturation", TASK_MEDIUM, ""},
        {"Write a Dockerfile for the worker", TASK_MEDIUM, ""},
        {"Make the button blue", TASK_MEDIUM, ""},
        {"", TASK_MEDIUM, ""},
        {"Review this production migration for security issues", TASK_COMPLEX, ""},
        {"Vérifie la sécurité du formulaire", TASK_COMPLEX, ""},
        {"Il y a un bug critique dans le paiement", TASK_COMPLEX, ""},
        {"Fix the typo in the architecture document", TASK_COMPLEX, ""},
        {"Configure la fiscalité de la société dans Odoo", TASK_COMPLEX, ""},
        {"Enable RLS on the orders table", TASK_COMPLEX, ""},
        {"Find the race condition in the queue", TASK_COMPLEX, ""},
        /* Traps. */
        {"Use the latest version of the theme", TASK_MEDIUM, ""},
        {"Show the latest readme in the sidebar", TASK_SIMPLE, ""},
        {"Fix the spelling of the capital cities", TASK_SIMPLE, ""},
        {"Corrige l'orthographe : la capitale, rapidement", TASK_SIMPLE, ""},
        {"Une reproduction classique du tableau", TASK_MEDIUM, ""},
        {"Typo: 'reproduction' should be 'replica'", TASK_SIMPLE, ""},
        {"Translate the immigration page", TASK_SIMPLE, ""},
        {"Fix typos on the greatest hits contest page", TASK_SIMPLE, ""},
        {"Reword the protest testimony, the attestation and the testament", TASK_SIMPLE, ""},
        {"The documentary page needs a title", TASK_MEDIUM, ""},
        {"Je présume que le titre est faux : corrige l'orthographe", TASK_SIMPLE, ""},
        {"Explain the word insecurity", TASK_SIMPLE, ""},
        {"Rename the apiculture folder", TASK_SIMPLE, ""},
        {"Fix the grammar in the girls' section", TASK_SIMPLE, ""},
        {"Reword the pythonic adage", TASK_SIMPLE, ""},
        {"Rename test_helper to helper", TASK_SIMPLE, ""},
        {"Un catalogue de logements : corrige les fautes de frappe", TASK_SIMPLE, ""},
        /* Kinds. */
        {"Review all of these logs", TASK_MEDIUM, "L"},
        {"Analyse ces logs et trouve la panne", TASK_COMPLEX, "L"},
        {"Fais la synthèse du dossier", TASK_MEDIUM, "L"},
        {"Read the entire repository and explain how it fits together", TASK_SIMPLE, "L"},
        {"Blogs and catalogs: rename them", TASK_SIMPLE, ""},
        {"Log in to the logical volume", TASK_MEDIUM, ""},
        {"Benchmark this open model routing task", TASK_MEDIUM, "O"},
        {"Compare les fournisseurs sur Hugging Face", TASK_MEDIUM, "O"},
        {"Give the hugging bear a face", TASK_MEDIUM, ""},
        {"Nettoie ce code Python et explique le changement: def f(x): return x+1", TASK_MEDIUM, "Q"},
        {"Explain this code:\n```c\nint f(void) { return 1; }\n```", TASK_SIMPLE, "Q"},
        {"Explain this repository", TASK_SIMPLE, ""},
        {"Réponds exactement: OK qwen local", TASK_MEDIUM, "Q"},
        {"Ask the small local model for a joke", TASK_MEDIUM, "Q"},
        {"Add Ollama support to the client", TASK_MEDIUM, ""},
        {"Explain this code, it is in production:\n```c\nint f(void) { return 1; }\n```", TASK_COMPLEX, ""},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        what_of(CASES[i].prompt, CASES[i].class, CASES[i].kinds);
}

TEST(quoted_code_and_logs_do_not_count)
{
    what_of("Fix the typo:\n```\nmigrate production security\n```\n", TASK_SIMPLE, "");
    what_of("Fix the typo\n"
            "2026-01-01 10:00:00 INFO production started\n2026-01-01 10:00:01 INFO docker security ok\n"
            "2026-01-01 10:00:02 INFO migration done\n2026-01-01 10:00:03 INFO api up\n",
            TASK_SIMPLE, "");
}

TEST(length_raises_the_class)
{
    struct classified c;
    struct buf text;
    buf_init(&text, 1u << 20);
    BUF_ADD(&text, "Fix the typo in this summary.\n");
    classify(buf_slice(&text), CLASSIFY_BIG_TOKENS, &c);
    assert_int_equal(c.class, TASK_SIMPLE);
    assert_false(c.is_long);
    classify(buf_slice(&text), CLASSIFY_BIG_TOKENS + 1, &c);
    assert_int_equal(c.class, TASK_MEDIUM);
    assert_true(c.is_long);
    buf_clear(&text);
    BUF_ADD(&text, "What is wrong here?\n");
    for (int i = 0; i < 300; i++)
        buf_add_format(&text, "2026-01-01 10:00:%02d INFO request %d served\n", i % 60, i);
    classify(buf_slice(&text), estimate_tokens(buf_slice(&text)), &c);
    assert_true(c.is_long);
    assert_string_equal(c.because[SIGNAL_LONG], "a log of 13 KB");
    buf_free(&text);
}

/* A term that fold_add() spells differently would never match. */
TEST(every_term_finds_itself)
{
    struct buf words;
    buf_init(&words, 1024);
    for (const struct term *row = classify_terms; row->words; row++) {
        for (const char *at = row->words; *at;) {
            char term[64];
            size_t len = strcspn(at, "|");
            assert_true(len > 0 && len < sizeof term);
            snprintf(term, sizeof term, "%.*s", (int)len, at);
            buf_clear(&words);
            assert_true(fold_add(slice_of(term), &words));
            if (!fold_contains(buf_slice(&words), term))
                fail_msg("the term \"%s\" does not find itself", term);
            at += len + (at[len] == '|');
        }
    }
    buf_free(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accents_and_case_are_folded),       cmocka_unit_test(a_full_buffer_keeps_whole_words),
        cmocka_unit_test(terms_are_found_as_whole_words),    cmocka_unit_test(prompts_are_classified),
        cmocka_unit_test(quoted_code_and_logs_do_not_count), cmocka_unit_test(length_raises_the_class),
        cmocka_unit_test(every_term_finds_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
