#include "base/sha256_p.h"

#include <openssl/evp.h>

#include <memory>

namespace llmcache {

QByteArray sha256(QByteArrayView bytes)
{
    // To look the algorithm up takes longer than to use it.
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
        EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    QByteArray digest(EVP_MD_get_size(algorithm), Qt::Uninitialized);
    const bool done = EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1
        && EVP_DigestUpdate(context.get(), bytes.data(), static_cast<std::size_t>(bytes.size())) == 1
        && EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1;
    // Neither memory nor the algorithm itself are ever missing where the rest of the program runs.
    if (!done)
        qFatal("OpenSSL has no SHA-256");
    return digest;
}

} // namespace llmcache
