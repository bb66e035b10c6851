/* place: where pointsman's own programs and files lie: in the build folder that this program was started from, else
 * where `make install` put them. */
#ifndef POINTSMAN_CLI_PLACE_H
#define POINTSMAN_CLI_PLACE_H

#define PLACE_SESSION "cgi/pointsman-session"
#define PLACE_WEB_GUARD "cgi/pointsman-web-guard.so"
#define PLACE_PROXY "proxy/pointsman-proxy"
#define PLACE_COMMAND "cli/pointsman"
#define PLACE_CONFIG "litellm-cost-routing.yaml"
#define PLACE_POLICY "codex-routing-policy.yaml"

/* The path of PLACE_SESSION, PLACE_WEB_GUARD, PLACE_PROXY or PLACE_COMMAND. To be freed; NULL: no memory. */
char *place_program(const char *program);
/* The path of a file or folder of share/pointsman: "www", "lighttpd.conf.in". To be freed; NULL: no memory. */
char *place_data(const char *name);
/* The proxy's configuration: the user's own, else the one that came with pointsman. To be freed; NULL: neither is
 * there. */
char *place_config(void);
/* The policy of routed runs, likewise. */
char *place_policy(void);

#endif
