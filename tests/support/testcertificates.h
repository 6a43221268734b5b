#pragma once

#include <QTemporaryDir>

namespace llmcache::test {

/// A certificate authority for one test run, made with the openssl program, in a folder of its own.
class TestCertificates {
public:
    static bool isInstalled();
    static QString missingText();

    /// Makes the authority.
    TestCertificates();
    bool isValid() const { return m_valid; }
    /// File of the authority's certificate.
    QString authority() const;
    /// Issues `name`.crt and `name`.key for subject alternative names such as "IP:127.0.0.1" or
    /// "DNS:localhost". False when openssl fails.
    bool issue(const QString& name, const QString& alternativeNames, int days = 2);
    QString certificate(const QString& name) const;
    QString key(const QString& name) const;

private:
    bool run(const QStringList& arguments) const;
    QTemporaryDir m_directory;
    bool m_valid = false;
};

} // namespace llmcache::test
