"""Our own guards, each with the text that makes it and the tests that must fail without it."""
import typing


class Guard(typing.NamedTuple):
    name: str
    file: str
    text: str        # stands once in the file
    without: str
    tests: tuple


PAGE = "integration/test_session_guards.py"
SESSION = "integration/test_session.py"
FRONT = "integration/test_front.py"
HTTP = "integration/test_http.py"
JSON = "integration/test_json.py"
OUTGOING = "integration/test_outgoing_proxy.py"

GUARDS = [
    # Who may ask, by name and by page.
    Guard("host: exactly our names", "common/guard.c", "if (slice_is(name, *names))", 'if (slice_starts(name, "127"))',
          ("unit/test_guard",)),
    Guard("origin: null", "common/guard.c", "return !origin.ptr || is_local(",
          'return !origin.ptr || slice_is(origin, "null") || is_local(', ("unit/test_guard",)),
    Guard("sec-fetch-site: same-site", "common/guard.c", 'slice_is(site, "same-origin")', 'slice_starts(site, "same-")',
          ("unit/test_guard",)),
    Guard("page: host", "cgi/guards.c", "return guard_host(request->host, settings->web_port);", "return true;", (PAGE,)),
    Guard("page: origin", "cgi/guards.c", "return guard_origin(request->origin, settings->web_port);", "return true;",
          (PAGE,)),
    Guard("page: sec-fetch-site", "cgi/guards.c", "return guard_fetch_site(request->fetch_site);", "return true;", (PAGE,)),
    Guard("page: body size", "cgi/guards.c", "return !request->body_too_big;", "return true;", (PAGE,)),
    Guard("page: content type", "cgi/guards.c", "if (!slice_is_nocase(request->content_type, content_type))", "if (false)",
          (PAGE, SESSION)),
    Guard("page: token", "cgi/guards.c", "if (secret_equal(request->token, wanted) ||", "if (true ||", (PAGE,)),
    Guard("page: user of the connection", "cgi/guards.c", "return request->peer != PEER_REFUSED;", "return true;", (PAGE,)),
    Guard("page: own uid", "cgi/peer.c", "return uid == geteuid() || uid == 0 ? PEER_OURS : PEER_REFUSED;",
          "return PEER_OURS;", (PAGE,)),
    Guard("page: closed connection", "cgi/peer.c", " && found->idiag_inode != 0 &&", " &&", (PAGE,)),
    Guard("proxy: host", "proxy/front/admit.c", "if (!guard_host(head->host, options->port)", "if (false", (FRONT,)),
    Guard("proxy: origin", "proxy/front/admit.c", 'if (!guard_origin(http_field(head, "origin"), options->port) ||', "if (",
          (FRONT,)),
    Guard("proxy: key", "proxy/front/admit.c", "if (!secret_equal(key, options->master_key)) {", "if (false) {", (FRONT,)),
    Guard("proxy: body size by length", "proxy/front/admit.c",
          "if (head->framing == HTTP_LENGTH && head->content_length > options->body_max) {", "if (false) {",
          ("unit/test_http_parse", FRONT)),
    # One framing rule.
    Guard("framing: length twice", "proxy/front/http_parse.c", ('        if (head->framing != HTTP_NO_BODY)\n'
          '            return bad(error, 400, "the body\'s length is given twice");\n'
          '        if (!http_parse_length'), "        if (!http_parse_length", ("unit/test_http_parse",)),
    Guard("framing: chunked beside a length", "proxy/front/http_parse.c", ('        if (head->framing != HTTP_NO_BODY)\n'
          '            return bad(error, 400, "the body\'s length is given twice");\n'
          '        if (head->minor'), "        if (head->minor", ("unit/test_http_parse",)),
    Guard("framing: transfer codings", "proxy/front/http_parse.c", '!slice_is_nocase(field.value, "chunked")', "false",
          ("unit/test_http_parse",)),
    Guard("framing: bare line feeds", "proxy/http/grammar.c", "!line->len || line->ptr[line->len - 1] != '\\r'",
          "!line->len", ("unit/test_http_parse",)),
    Guard("framing: bare carriage returns", "proxy/http/grammar.c", "return !memchr(line->ptr, '\\r', line->len);",
          "return true;", ("unit/test_http_parse",)),
    Guard("framing: names of fields", "proxy/http/grammar.c", "!http_is_token(field->name)", "false",
          ("unit/test_http_parse",)),
    Guard("framing: values of fields", "proxy/http/grammar.c", "return is_field_value(field->value);", "return true;",
          ("unit/test_http_parse",)),
    Guard("framing: digits of a length", "proxy/http/grammar.c", "return value.len > 0 && value.len <= 18;",
          "return value.len > 0;", ("unit/test_http_parse",)),
    Guard("framing: host twice", "proxy/front/http_parse.c", ('if (head->host.ptr)\n'), ('if (false)\n'),
          ("unit/test_http_parse",)),
    Guard("framing: no host", "proxy/front/http_parse.c", "if (!head->host.ptr)", "if (false)", ("unit/test_http_parse",)),
    Guard("framing: two hosts", "proxy/front/http_parse.c", "if (authority.ptr && !slice_equal(authority, head->host))",
          "if (false)", ("unit/test_http_parse",)),
    Guard("framing: number of fields", "proxy/front/http_parse.c", "if (head->field_count == HTTP_FIELDS_MAX)", "if (false)",
          ("unit/test_http_parse",)),
    Guard("framing: size of a chunk", "proxy/http/grammar.c", "++c->digits <= CHUNK_DIGITS_MAX", "++c->digits",
          ("unit/test_http_parse",)),
    Guard("framing: extensions and trailers", "proxy/http/grammar.c",
          "return ++c->line <= CHUNK_EXTRA_MAX ? extension_step((enum chunk_state)c->state, at) : CHUNK_BAD;",
          "return extension_step((enum chunk_state)c->state, at);", ("unit/test_http_parse",)),
    Guard("framing: number of trailers", "proxy/http/grammar.c",
          "is_token_char(at) && ++c->line <= CHUNK_EXTRA_MAX ? CHUNK_TRAILER_NAME : CHUNK_BAD;\n    case CHUNK_TRAILER_NAME",
          "is_token_char(at) ? CHUNK_TRAILER_NAME : CHUNK_BAD;\n    case CHUNK_TRAILER_NAME", ("unit/test_http_parse",)),
    Guard("framing: length of a trailer", "proxy/http/grammar.c",
          "is_plain(at) && ++c->line <= CHUNK_EXTRA_MAX ? CHUNK_TRAILER : CHUNK_BAD", "is_plain(at) ? CHUNK_TRAILER : CHUNK_BAD",
          ("unit/test_http_parse",)),
    Guard("framing: names of extensions", "proxy/http/grammar.c", "return is_token_char(at) ? CHUNK_NAME : CHUNK_BAD;",
          "return CHUNK_NAME;", ("unit/test_http_parse",)),
    Guard("framing: values of extensions", "proxy/http/grammar.c", "is_token_char(at) ? CHUNK_VALUE : CHUNK_BAD;\n",
          "CHUNK_VALUE;\n", ("unit/test_http_parse",)),
    Guard("framing: colons of trailers", "proxy/http/grammar.c", "        if (at == ':')\n            return CHUNK_TRAILER;",
          "        if (at == ':' || at == ' ')\n            return CHUNK_TRAILER;", ("unit/test_http_parse",)),
    Guard("framing: leading zeros of a length", "proxy/front/http_parse.c",
          "if (field.value.len > 1 && *field.value.ptr == '0')", "if (false)", ("unit/test_http_parse",)),
    Guard("framing: what Host may be", "proxy/front/http_parse.c", "if (!guard_is_host(field.value))", "if (false)",
          ("unit/test_http_parse",)),
    Guard("framing: what a target may hold", "proxy/front/http_parse.c", "if (!is_uri(target))", "if (false)",
          ("unit/test_http_parse",)),
    Guard("framing: what a target may hide", "proxy/front/http_parse.c", "if (s.ptr[i + 1] <= '1' || del)", "if (false)",
          ("unit/test_http_parse",)),
    Guard("framing: fields that stand once", "proxy/front/http_parse.c", "if (stands_twice(head, field.name))", "if (false)",
          ("unit/test_http_parse",)),
    Guard("framing: known methods", "proxy/front/http_parse.c", "if (!is_known_method(head->method))", "if (false)",
          ("unit/test_http_parse",)),
    Guard("framing: the end after a body that was not read", "proxy/front/client.c",
          "    if (c->head.framing != HTTP_NO_BODY)\n        c->head.keep_alive = false;\n", "", (HTTP,)),
    Guard("framing: the end after a bad head", "proxy/front/client.c", "c->head = (struct http_head){.minor = 1, .method",
          "c->head = (struct http_head){.minor = 1, .keep_alive = true, .method", (HTTP,)),
    Guard("framing: bad chunks of who is refused", "proxy/front/client.c", "if (has_bad_chunks(c))", "if (false)", (HTTP,)),
    # The way out.
    Guard("outgoing proxy: not for this machine", "proxy/upstream/outgoing_proxy.c",
          "config->outgoing_proxy && !(known && url_is_loopback(&parts));", "config->outgoing_proxy;", (OUTGOING,)),
    Guard("outgoing proxy: TLS alone", "proxy/config_deployment.c", "else if (l->config->outgoing_proxy && !url->tls)",
          "else if (false)", ("unit/test_config_providers",)),
    Guard("outgoing proxy: its login", "proxy/upstream/outgoing_proxy.c", "CURLOPT_PROXYUSERPWD, config->outgoing_login",
          "CURLOPT_PROXYUSERPWD, NULL", (OUTGOING,)),
    Guard("outgoing proxy: without its variable", "proxy/config_deployment.c", "if (proxy->variable && !proxy->text)",
          "if (false)", (OUTGOING, "unit/test_config_providers")),
    # One reading of a body.
    Guard("body: keys that stand twice", "proxy/front/model_request.c",
          "if (!stood_before(&r->top, key, &error->no_memory))", "if (true)", (JSON,)),
    Guard("body: keys written with escapes", "proxy/front/model_request.c",
          "if (j->nodes[a].escaped || j->nodes[b].escaped)", "if (false)", (JSON,)),
    Guard("body: number of keys", "proxy/front/model_request.c", "if (++count > KEYS_MAX)", "if (false)", (JSON,)),
    Guard("body: UTF-8", "common/json.c", '            if (!length)\n                return fail(r, "not UTF-8");\n',
          "            length += !length;\n", ("unit/test_json",)),
    Guard("body: control characters", "common/json.c", "} else if (c < 0x20) {", "} else if (c == 0) {", ("unit/test_json",)),
    Guard("body: what follows the value", "common/json.c",
          'return r->at == r->end || fail(r, "something follows the JSON value");', "return true;", ("unit/test_json",)),
    Guard("page: bodies without a length", "conf/lighttpd.conf.in", '"^(POST|PUT|PATCH)$"', '"^(GET)$"', (HTTP,)),
    # Keys.
    Guard("key file: made anew", "cgi/keyfile.c", ('    keyfile_remove(dir, name);\n'
          '    int fd'), "    int fd", (SESSION, "integration/test_session_proxy.py")),
    Guard("form's keys wiped", "cgi/request.c", "sodium_memzero(request->body, REQUEST_BODY_MAX + 1);", "", (SESSION,)),
    Guard("form's keys wiped in libfcgi", "cgi/request.c", "sodium_memzero(in->rdNext, len);", "", (SESSION,)),
    Guard("environment from nothing", "cgi/spawn.c", "               env->list);", "               environ);",
          (SESSION, "integration/test_session_proxy.py")),
    Guard("descriptors closed", "cgi/spawn.c", "close_range(LISTENER_FD + 1, ~0U, 0) == 0", "true",
          (SESSION, "integration/test_session_proxy.py")),
    Guard("redaction of known keys", "common/secret.c", "memcmp(text.ptr, kept[i], kept_len[i]) == 0", "false",
          ("unit/test_secret",)),
    Guard("redaction of bearer credentials", "common/secret.c", "if (!hidden && text.len > sizeof bearer - 1 &&",
          "if (false &&", ("unit/test_secret",)),
    Guard("redaction of upstreams' words", "proxy/route/failure.c", "if (secret_redact(&clean, text))",
          "if (buf_add_slice(&clean, text))", ("unit/test_failure",)),
    Guard("dangerous variables", "common/harden.c", "if (!is_dangerous(*at))", "if (true)", ("unit/test_harden",)),
    Guard("no redirects", "proxy/upstream/curl_call.c", "CURLOPT_FOLLOWLOCATION, 0L", "CURLOPT_FOLLOWLOCATION, 1L",
          ("integration/test_fallback.py", "integration/test_pass.py")),
    # The sandbox.
    Guard("sandbox: files", "common/sandbox.c", "syscall(SYS_landlock_restrict_self, ruleset, 0) == 0", "true",
          ("unit/test_sandbox",)),
    Guard("sandbox: writable only where said", "common/sandbox.c", "paths[i].writable ? ACCESS_WRITE : ACCESS_READ",
          "ACCESS_WRITE", ("unit/test_sandbox",)),
    Guard("sandbox: programs", "common/sandbox.c", "ok = ok && add_rule(filter, SCMP_ACT_KILL_PROCESS, deadly_calls[i]);",
          "(void)deadly_calls;", ("unit/test_sandbox",)),
    Guard("sandbox: socket families", "common/sandbox.c", "{AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}",
          "{AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_ALG}", ("unit/test_sandbox",)),
    Guard("sandbox: the proxy enters it", "proxy/confine.c",
          ('    sandbox_enter(paths, sizeof paths / sizeof *paths, status);\n'), "", ("integration/test_session_proxy.py",)),
    # Foreign bytes.
    Guard("json: depth", "common/json.c", "if (r->depth == JSON_MAX_DEPTH)", "if (false)", ("unit/test_json",)),
]
