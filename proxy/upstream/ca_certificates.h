/* ca_certificates: loop. By which list of authorities libcurl checks a provider's certificate. */
#ifndef POINTSMAN_CA_CERTIFICATES_H
#define POINTSMAN_CA_CERTIFICATES_H

#include <curl/curl.h>
#include <stdbool.h>

/* Whether libcurl's folder of authorities is one in which OpenSSL finds each by its name (c_rehash(1)). Looks into it.
 */
bool ca_certificates_are_hashed(void);
/* Sets an easy handle's list: the system's, and those of `ca_file` where that is not NULL. `hashed` is what the
 * function above said: then the system's list is not read as the one file that libcurl has, too, because it would read
 * that whole for every connection, and parsing it takes some 50 ms, in which the loop stands still. */
CURLcode ca_certificates_set(CURL *easy, const char *ca_file, bool hashed);

#endif
