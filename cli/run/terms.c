/* The terms that classify prompts, English and French, in the form of fold_add(): lower case, without accents. */
#include "cli/run/classify.h"

#include <stddef.h>

const struct term classify_terms[] = {
    {SIGNAL_COMPLEX, "securite|security|secure|vulnerability|vulnerabilities|vulnerable|vulnerabilite|vulnerabilites|"
                     "faille|failles|cve|exploit|exploits|pentest|threat model|modele de menace|sql injection|"
                     "injection sql|xss|csrf|ssrf|rce|hardening|durcissement"},
    {SIGNAL_COMPLEX, "authentication|authentification|encryption|chiffrement|cryptography|cryptographie|"
                     "secrets management|gestion des secrets|rls|row level security|supabase"},
    {SIGNAL_COMPLEX, "architecture|architectures|architectural|architecturale|system design|conception du systeme|"
                     "microservice|microservices|distributed system|distributed systems|systeme distribue|"
                     "systemes distribues|multi tenant|scalability|scalabilite|high availability|haute disponibilite|"
                     "consensus algorithm"},
    {SIGNAL_COMPLEX, "migration|migrations|migrate|migrates|migrating|migrer|migrez|migre|zero downtime|"
                     "sans interruption|disaster recovery|plan de reprise|rollback plan"},
    {SIGNAL_COMPLEX, "production|en prod|in prod|outage|panne|incident|incidents|post mortem|postmortem|root cause|"
                     "cause racine|data loss|perte de donnees|data corruption|corruption de donnees"},
    {SIGNAL_COMPLEX, "bug critique|bugs critiques|critical bug|critical bugs|critical issue|probleme critique|"
                     "erreur critique|race condition|race conditions|data race|deadlock|deadlocks|interblocage|"
                     "memory leak|memory leaks|fuite memoire|fuites memoire|fuite de memoire|use after free|"
                     "buffer overflow|heisenbug|segfault|memory corruption|undefined behavior|undefined behaviour"},
    {SIGNAL_COMPLEX, "fiscalite|fiscal|fiscale|fiscaux|odoo|comptabilite analytique|gdpr|rgpd|hipaa|pci dss|"
                     "mise en conformite|regulatory compliance"},

    {SIGNAL_MEDIUM, "refactor|refactors|refactored|refactoring|refactorise|refactoriser|refactorisez|refactorisation|"
                    "refacto|remanie|remanier|restructure|restructurer"},
    {SIGNAL_MEDIUM, "test|tests|tested|testing|tester|teste|testez|unit test|unit tests|test unitaire|tests unitaires|"
                    "pytest|jest|coverage|couverture"},
    {SIGNAL_MEDIUM, "docker|dockerfile|docker compose|conteneur|conteneurs|container|containers|kubernetes|helm|"
                    "terraform|ansible|pipeline|pipelines|workflow|github actions"},
    {SIGNAL_MEDIUM, "api|apis|endpoint|endpoints|graphql|webhook|webhooks|sdk|cli|parser|parsers|analyseur syntaxique"},
    {SIGNAL_MEDIUM, "python|typescript|javascript|golang|rust|java|kotlin|swift|php|ruby|cpp|sql|postgres|postgresql|"
                    "mysql|sqlite|react|vue|angular|django|flask|fastapi|rails|laravel|node|bash|powershell"},
    {SIGNAL_MEDIUM, "bug|bugs|debug|debugging|debogue|deboguer|implement|implements|implemented|implementing|"
                    "implemente|implementer|implementez|implementation|feature|features|fonctionnalite|"
                    "fonctionnalites|optimize|optimise|optimiser|benchmark|upgrade|integrate|integrer|integration|"
                    "algorithm|algorithme|regex|query|queries|requete|requetes|crash|crashes|plante|exception|"
                    "exceptions"},

    {SIGNAL_SIMPLE, "correction mineure|corrections mineures|petite correction|petites corrections|"
                    "petite modification|petites modifications|petit changement|petits changements|minor fix|"
                    "minor fixes|minor change|minor changes|small change|small changes|small fix|quick fix|one liner|"
                    "une ligne"},
    {SIGNAL_SIMPLE, "typo|typos|spelling|misspelling|grammar|wording|faute de frappe|fautes de frappe|orthographe|"
                    "grammaire|coquille|coquilles|formulation|reword|reformule|reformuler|proofread|relecture|relis|"
                    "relire"},
    {SIGNAL_SIMPLE, "readme|changelog|documentation|document|documents|documente|documenter|documentez|docs|doc|"
                    "docstring|docstrings|a comment|comments|commentaire|commentaires|commente|commenter|license|"
                    "licence|gitignore|commit message|message de commit|release notes|notes de version"},
    {SIGNAL_SIMPLE, "resume|resumer|resumez|summary|explain|explains|explique|expliquer|expliquez|translate|"
                    "translates|translation|traduis|traduire|traduisez|traduction|what is|what are|what does|"
                    "qu est ce|c est quoi|que fait|que signifie"},
    {SIGNAL_SIMPLE, "rename|renames|renaming|renomme|renommer|renommez|reformat|reformate|reformater|indentation|"
                    "whitespace|trier|hello|bonjour|salut|thanks|merci|hello world"},

    {SIGNAL_LONG, "long context|contexte long|large context|large file|large files|huge file|huge files|gros fichier|"
                  "gros fichiers|fichier volumineux|fichiers volumineux|long document|long documents|document long|"
                  "longs documents"},
    {SIGNAL_LONG, "entire repository|entire repo|entire codebase|entire project|whole repository|whole repo|"
                  "whole codebase|whole project|full codebase|all of the code|tout le depot|tout le projet|"
                  "tout le code|toute la base de code|ensemble du depot|ensemble du projet|ensemble du code"},
    {SIGNAL_LONG, "synthese|syntheses|synthetise|synthetiser|synthetisez|synthesis|synthesize|synthesise|transcript|"
                  "transcripts|transcription|meeting notes|compte rendu"},
    {SIGNAL_LONG, "log review|log analysis|log file|log files|logfile|logfiles|fichier de log|fichiers de log|"
                  "fichier de logs|fichier journal|fichiers journaux|these logs|those logs|this log|ces logs|ce log|"
                  "following logs|following log|logs below|logs suivants|logs ci dessous|server logs|logs du serveur|"
                  "access logs|error logs|build logs"},
    {SIGNAL_LONG, "review ~ logs|analyze ~ logs|analyse ~ logs|analyser ~ logs|analysez ~ logs|read ~ logs|"
                  "check ~ logs|inspect ~ logs|examine ~ logs|summarize ~ logs|summarise ~ logs|resume ~ logs|"
                  "lis ~ logs|lire ~ logs|parcours ~ logs|regarde ~ logs|verifie ~ logs|look at ~ logs|"
                  "go through ~ logs|scan ~ logs|explain ~ logs|explique ~ logs|review ~ log|analyze ~ log|"
                  "analyse ~ log|summarize ~ log|dans les logs|in the logs"},

    {SIGNAL_LONG_IF_BIG, "logs|log|journal|journaux|summarize|summarise|summary|resume|resumer|overview|"
                         "vue d ensemble|report|rapport|read through|extract|extrais|trace|stack trace|output|sortie|"
                         "document|documents|article|diff"},

    {SIGNAL_OPEN,
     "hugging face|huggingface|open model|open models|open source model|open source models|"
     "open weight model|open weights|modele ouvert|modeles ouverts|modele open source|"
     "modeles open source|gpt oss|multi provider|multi fournisseur|multi fournisseurs|inference providers"},

    {SIGNAL_LOCAL, "with qwen|using qwen|use qwen|via qwen|ask qwen|avec qwen|utilise qwen|utiliser qwen|"
                   "demande a qwen|with ollama|using ollama|via ollama|ask ollama|avec ollama|qwen local|local qwen|"
                   "qwen en local|with ~ local model|using ~ local model|use ~ local model|ask ~ local model|"
                   "on ~ local model|avec ~ modele local|utilise ~ modele local|sur ~ modele local|local smoke|"
                   "smoke test local"},
    {SIGNAL_SNIPPET, "clean up this|clean this|tidy this|tidy up this|nettoie ce|nettoie cette|nettoyer ce|"
                     "nettoyer cette|explain this|explique ce|explique cette|expliquer ce|expliquer cette|"
                     "what does this|que fait ce|que fait cette|simplify this|simplifie ce|simplifie cette|"
                     "reformat this|reformate ce|rename ~ in this|add comments to this|commente ce|commente cette"},
    {SIGNAL_SNIPPET, "reply exactly|answer exactly|respond exactly|say exactly|reponds exactement|repondre exactement|"
                     "dis exactement"},

    {0, NULL},
};
