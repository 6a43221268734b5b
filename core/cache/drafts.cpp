#include "cache/drafts.h"

#include "base/privatefolder.h"
#include "base/worker.h"

#include <qcorofuture.h>

#include <QCryptographicHash>
#include <QDir>
#include <QSaveFile>

namespace llmcache {

namespace {

constexpr qint64 largest = 64 * 1024 * 1024;

QString prefixOf(const StoreInfo& where)
{
    constexpr qsizetype length = 16;
    const QByteArray name = (where.kind + QChar(0) + where.name + QChar(0) + where.workspace).toUtf8();
    return QString::fromLatin1(
               QCryptographicHash::hash(name, QCryptographicHash::Sha256).toHex().first(length))
        + QLatin1Char('-');
}

std::optional<Draft> readDraft(const QString& path, const QString& fingerprint)
{
    QFile file(path);
    if (!isFingerprint(fingerprint) || file.size() > largest || !file.open(QIODevice::ReadOnly))
        return std::nullopt;
    const auto json = tryParseJson(file.readAll());
    if (!json || !json->is_object())
        return std::nullopt;
    return Draft{fingerprint, integerMember(*json, "revision"), stringMember(*json, "text")};
}

} // namespace

DraftFolder::DraftFolder(QString folder, const StoreInfo& where)
    : m_folder(std::move(folder))
    , m_prefix(prefixOf(where))
{
    m_thread.setMaxThreadCount(1);
}

DraftFolder::~DraftFolder()
{
    m_thread.waitForDone();
}

QString DraftFolder::path(const QString& fingerprint) const
{
    return m_folder + QLatin1Char('/') + m_prefix + fingerprint + QStringLiteral(".json");
}

void DraftFolder::save(const Draft& draft)
{
    m_thread.start([folder = m_folder, path = path(draft.fingerprint), draft] {
        if (!createPrivateFolder(folder))
            return;
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly))
            return;
        file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
        Json json = Json::object();
        json["revision"] = draft.revision;
        json["text"] = toUtf8(draft.text);
        file.write(toJsonText(json));
        file.commit();
    });
}

void DraftFolder::remove(const QString& fingerprint)
{
    m_thread.start([path = path(fingerprint)] { QFile::remove(path); });
}

QCoro::Task<std::vector<Draft>> DraftFolder::load()
{
    auto work = [folder = m_folder, prefix = m_prefix] {
        std::vector<Draft> drafts;
        const QFileInfoList files =
            QDir(folder).entryInfoList({prefix + QStringLiteral("*.json")}, QDir::Files, QDir::Time);
        for (const QFileInfo& file : files) {
            if (drafts.size() >= most) {
                QFile::remove(file.filePath());
                continue;
            }
            if (auto draft = readDraft(file.filePath(), file.completeBaseName().sliced(prefix.size())))
                drafts.push_back(std::move(*draft));
        }
        return drafts;
    };
    QFuture<std::vector<Draft>> future = runOn(m_thread, std::move(work));
    co_return co_await future;
}

} // namespace llmcache
