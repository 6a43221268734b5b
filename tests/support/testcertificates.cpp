#include "testcertificates.h"

#include <QFile>
#include <QProcess>
#include <QStandardPaths>

namespace llmcache::test {

bool TestCertificates::isInstalled()
{
    return !QStandardPaths::findExecutable(QStringLiteral("openssl")).isEmpty();
}

QString TestCertificates::missingText()
{
    return QStringLiteral("There is no openssl program on this machine.");
}

TestCertificates::TestCertificates()
{
    m_valid = run({QStringLiteral("req"), QStringLiteral("-x509"), QStringLiteral("-newkey"),
        QStringLiteral("ec"), QStringLiteral("-pkeyopt"), QStringLiteral("ec_paramgen_curve:prime256v1"),
        QStringLiteral("-nodes"), QStringLiteral("-days"), QStringLiteral("2"), QStringLiteral("-subj"),
        QStringLiteral("/CN=Test authority"), QStringLiteral("-keyout"), key(QStringLiteral("authority")),
        QStringLiteral("-out"), authority()});
}

QString TestCertificates::authority() const
{
    return certificate(QStringLiteral("authority"));
}

bool TestCertificates::issue(const QString& name, const QString& alternativeNames, int days)
{
    const QString request = m_directory.filePath(name + QStringLiteral(".csr"));
    const QString extensions = m_directory.filePath(name + QStringLiteral(".ext"));
    QFile file(extensions);
    if (!file.open(QIODevice::WriteOnly))
        return false;
    file.write("subjectAltName=" + alternativeNames.toUtf8() + '\n');
    file.close();
    return run({QStringLiteral("req"), QStringLiteral("-newkey"), QStringLiteral("ec"),
               QStringLiteral("-pkeyopt"), QStringLiteral("ec_paramgen_curve:prime256v1"),
               QStringLiteral("-nodes"), QStringLiteral("-subj"), QStringLiteral("/CN=") + name,
               QStringLiteral("-keyout"), key(name), QStringLiteral("-out"), request})
        && run({QStringLiteral("x509"), QStringLiteral("-req"), QStringLiteral("-in"), request,
            QStringLiteral("-CA"), authority(), QStringLiteral("-CAkey"), key(QStringLiteral("authority")),
            QStringLiteral("-CAcreateserial"), QStringLiteral("-days"), QString::number(days),
            QStringLiteral("-extfile"), extensions, QStringLiteral("-out"), certificate(name)});
}

QString TestCertificates::certificate(const QString& name) const
{
    return m_directory.filePath(name + QStringLiteral(".crt"));
}

QString TestCertificates::key(const QString& name) const
{
    return m_directory.filePath(name + QStringLiteral(".key"));
}

bool TestCertificates::run(const QStringList& arguments) const
{
    QProcess process;
    process.start(QStringLiteral("openssl"), arguments);
    return process.waitForFinished(30'000) && process.exitStatus() == QProcess::NormalExit
        && process.exitCode() == 0;
}

} // namespace llmcache::test
