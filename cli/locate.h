/* locate: locates pointsman's programs and data: in the build folder if this program runs from one, else where `make
 * install` put them. */
#ifndef POINTSMAN_CLI_LOCATE_H
#define POINTSMAN_CLI_LOCATE_H

#define LOCATE_SESSION "cgi/pointsman-session"
#define LOCATE_USAGE "cgi/pointsman-usage"
#define LOCATE_WEB_GUARD "cgi/pointsman-web-guard.so"
#define LOCATE_PROXY "proxy/pointsman-proxy"
#define LOCATE_COMMAND "cli/pointsman"
#define LOCATE_CONFIG "litellm-cost-routing.yaml"
#define LOCATE_POLICY "codex-routing-policy.yaml"

/* The path of one of the programs above. Free with free(); NULL: out of memory. */
char *locate_program(const char *program);
/* The path of a file or folder in share/pointsman: "www", "lighttpd.conf.in". Free with free(); NULL: out of memory. */
char *locate_data(const char *name);
/* The path of the proxy's configuration: the user's, else the installed one. Free with free(); NULL: neither exists. */
char *locate_config(void);
/* Same, for the policy of routed runs. */
char *locate_policy(void);

#endif
