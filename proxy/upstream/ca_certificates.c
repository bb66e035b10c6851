/* loop: the CA certificates with which libcurl verifies providers. */
#include "proxy/upstream/ca_certificates.h"

#include <dirent.h>
#include <string.h>

#define HASH_DIGITS 8

/* Returns whether the name is that of c_rehash(1): "5ad8a5d6.0". */
static bool is_hash_name(const char *name)
{
    return strspn(name, "0123456789abcdef") == HASH_DIGITS && strcmp(name + HASH_DIGITS, ".0") == 0;
}

bool ca_certificates_are_hashed(void)
{
    const char *path = curl_version_info(CURLVERSION_NOW)->capath;
    DIR *folder = path ? opendir(path) : NULL;
    bool hashed = false;
    for (const struct dirent *entry; folder && !hashed && (entry = readdir(folder));)
        hashed = is_hash_name(entry->d_name);
    if (folder)
        (void)closedir(folder);
    return hashed;
}

CURLcode ca_certificates_set(CURL *easy, const char *ca_file, bool hashed)
{
    return ca_file || hashed ? curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) : CURLE_OK;
}
