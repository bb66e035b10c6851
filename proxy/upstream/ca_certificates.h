/* ca_certificates: loop. The CA certificates with which libcurl verifies providers. */
#ifndef POINTSMAN_CA_CERTIFICATES_H
#define POINTSMAN_CA_CERTIFICATES_H

#include <curl/curl.h>
#include <stdbool.h>

/* Reads libcurl's folder of CA certificates. Returns whether OpenSSL can look them up by name there (c_rehash(1)). */
bool ca_certificates_are_hashed(void);
/* Sets an easy handle's CA certificates: the system's and, unless NULL, those of `ca_file`. `hashed`: the result of
 * ca_certificates_are_hashed(). If true, libcurl's file with all certificates is not used: libcurl would parse it for
 * each connection, which blocks the loop for about 50 ms. */
CURLcode ca_certificates_set(CURL *easy, const char *ca_file, bool hashed);

#endif
