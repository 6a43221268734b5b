#include "pythonside.h"

#include <QFileInfo>

namespace llmcache::test {

namespace {

QString python()
{
    return qEnvironmentVariable("LLMCACHE_PYTHON", QStringLiteral(LLMCACHE_PYTHON));
}

} // namespace

QString PythonSide::missingText()
{
    // The mark is written when all packages are there.
    const QFileInfo mark(QFileInfo(python()).path() + QStringLiteral("/../installed"));
    if (mark.exists())
        return {};
    return QStringLiteral("There is no Python with pyai-caching: ./scripts/test installs it.");
}

bool PythonSide::isRequired()
{
    return qEnvironmentVariableIsSet("LLMCACHE_REQUIRE_INTEROP");
}

std::unique_ptr<QProcess> PythonSide::start(
    const QString& script, const QStringList& arguments, const QByteArray& input, bool staysOpen)
{
    auto process = std::make_unique<QProcess>();
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("PYTHONDONTWRITEBYTECODE"), QStringLiteral("1"));
    process->setProcessEnvironment(environment);
    process->start(python(), QStringList{QStringLiteral(LLMCACHE_INTEROP_FOLDER "/") + script} + arguments);
    process->write(input);
    if (!staysOpen)
        process->closeWriteChannel();
    return process;
}

ProgramResult PythonSide::run(const QString& script, const QStringList& arguments, const QByteArray& input)
{
    const auto process = start(script, arguments, input);
    return CommandLine::finish(*process);
}

} // namespace llmcache::test
