// The functions for a single digest: OpenSSL calls them deprecated since it prefers those that look an
// algorithm up, but those leave memory with each thread, which is still there when the program ends.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/sha256_p.h"

#include <openssl/sha.h>

namespace llmcache {

QByteArray sha256(QByteArrayView bytes)
{
    QByteArray digest(SHA256_DIGEST_LENGTH, Qt::Uninitialized);
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes.data(), static_cast<std::size_t>(bytes.size()));
    SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()), &context);
    return digest;
}

} // namespace llmcache
