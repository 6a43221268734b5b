#include "commandline.h"

#include <QDir>
#include <QFile>

namespace llmcache::test {

namespace {

constexpr int programTimeoutMs = 90'000;

} // namespace

Json ProgramResult::json() const
{
    return Json::parse(out.toStdString(), nullptr, false);
}

std::vector<Json> ProgramResult::jsonLines() const
{
    std::vector<Json> values;
    for (const QByteArray& line : out.split('\n')) {
        if (!line.trimmed().isEmpty())
            values.push_back(Json::parse(line.toStdString(), nullptr, false));
    }
    return values;
}

QByteArray ProgramResult::describe() const
{
    return "exit code " + QByteArray::number(exitCode) + "\n--- standard output\n" + out
        + "\n--- standard error\n" + err;
}

CommandLine::CommandLine()
{
    m_environment.insert(QStringLiteral("PATH"), qEnvironmentVariable("PATH"));
    m_environment.insert(QStringLiteral("HOME"), m_home.path());
    m_environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C.UTF-8"));
    m_environment.insert(QStringLiteral("TZ"), QStringLiteral("UTC"));
    // Sanitizer options travel, so that a sanitized program reports as its tests do.
    for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"}) {
        if (qEnvironmentVariableIsSet(name))
            m_environment.insert(QString::fromLatin1(name), qEnvironmentVariable(name));
    }
}

void CommandLine::setVariable(const QString& name, const QString& value)
{
    m_environment.insert(name, value);
}

void CommandLine::unsetVariable(const QString& name)
{
    m_environment.remove(name);
}

QString CommandLine::writeFile(const QString& name, const QByteArray& content) const
{
    const QString path = QDir(m_home.path()).filePath(name);
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
        qFatal("cannot write %s", qUtf8Printable(path));
    return path;
}

ProgramResult CommandLine::run(const QStringList& arguments, const QByteArray& input) const
{
    const auto process = start(arguments, input);
    return finish(*process);
}

QString CommandLine::program()
{
    return QStringLiteral(LLMCACHE_BINARY);
}

std::unique_ptr<QProcess> CommandLine::start(const QStringList& arguments, const QByteArray& input) const
{
    auto process = std::make_unique<QProcess>();
    process->setProcessEnvironment(m_environment);
    process->setWorkingDirectory(m_folder.isEmpty() ? m_home.path() : m_folder);
    process->start(program(), arguments);
    process->write(input);
    process->closeWriteChannel();
    return process;
}

ProgramResult CommandLine::finish(QProcess& process)
{
    ProgramResult result;
    if (!process.waitForFinished(programTimeoutMs)) {
        process.kill();
        process.waitForFinished();
        result.err = "the program did not end: " + process.errorString().toUtf8() + '\n';
    } else if (process.exitStatus() == QProcess::NormalExit) {
        result.exitCode = process.exitCode();
    }
    result.out = process.readAllStandardOutput();
    result.err += process.readAllStandardError();
    return result;
}

} // namespace llmcache::test
