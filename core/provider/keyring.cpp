#include "provider/keyring.h"

#include "base/durable.h"
#include "base/error.h"
#include "base/gate.h"
#include "base/json.h"
#include "base/privatefolder.h"
#include "base/textfile.h"
#include "provider/provider.h"

#include <qcorofuture.h>
#include <qt6keychain/keychain.h>

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QLockFile>
#include <QPromise>
#include <QThread>
#include <QTimer>

#include <algorithm>
#include <chrono>

namespace llmcache {

namespace {

using namespace std::chrono_literals;

const QString service = QStringLiteral("llmcache");
/// A keychain that is locked asks its owner for a password first.
constexpr std::chrono::milliseconds patience = 2min;

struct Outcome {
    QKeychain::Error error = QKeychain::OtherError;
    QString text;
    QString key; ///< that was read
};

/// Lives on the thread of all keychain jobs. QtKeychain queues jobs in one object of the process and is not
/// made for several threads; the runs of cachedAgentRunSync() have threads of their own, and block the one
/// that called.
QObject* keychainContext()
{
    static QObject* const context = [] {
        auto* const thread = new QThread;
        thread->setObjectName(QStringLiteral("keychain"));
        auto* const object = new QObject;
        object->moveToThread(thread);
        thread->start();
        static QThread* running = thread;
        qAddPostRoutine([] {
            running->quit();
            running->wait();
        });
        return object;
    }();
    return context;
}

/// Runs the job that `make` makes to its end; the job deletes itself.
QFuture<Outcome> runJob(std::function<QKeychain::Job*()> make)
{
    auto promise = std::make_shared<QPromise<Outcome>>();
    auto future = promise->future();
    promise->start();
    QMetaObject::invokeMethod(keychainContext(), [promise, make = std::move(make)] {
        const auto report = [promise](const Outcome& outcome) {
            if (promise->future().isFinished())
                return;
            promise->addResult(outcome);
            promise->finish();
        };
        QKeychain::Job* const job = make();
        QObject::connect(job, &QKeychain::Job::finished, job, [report](QKeychain::Job* done) {
            const auto* const read = qobject_cast<QKeychain::ReadPasswordJob*>(done);
            report({done->error(), done->errorString(), read ? read->textData() : QString()});
        });
        QTimer::singleShot(patience, job, [report] {
            report({QKeychain::OtherError, QStringLiteral("it did not answer"), QString()});
        });
        job->start();
    });
    return future;
}

template <typename Job>
Job* jobFor(const QString& name)
{
    auto* const job = new Job(service);
    job->setKey(name);
    return job;
}

QString problemText(const Outcome& outcome)
{
    if (outcome.error == QKeychain::NoBackendAvailable)
        return QStringLiteral("There is no keychain on this system.");
    if (outcome.error == QKeychain::AccessDeniedByUser)
        return QStringLiteral("The keychain stayed locked.");
    return QStringLiteral("The keychain can't be used: %1.").arg(outcome.text.trimmed());
}

[[noreturn]] void fail(const Outcome& outcome)
{
    const QString remedy = outcome.error == QKeychain::AccessDeniedByUser
        ? QStringLiteral("Unlock it and try again, or keep it for this session only.")
        : QStringLiteral("Start one, such as gnome-keyring or KWallet; or keep it for this session only, "
                         "or use an environment variable.");
    throw ConfigurationError(problemText(outcome), remedy);
}

QString listPath(const QString& folder)
{
    return QDir(folder).filePath(QStringLiteral("keys.json"));
}

} // namespace

const std::vector<KeySlot>& keySlots()
{
    static const std::vector<KeySlot> slots = [] {
        std::vector<KeySlot> list;
        for (const ProviderPrefix& prefix : ProviderRegistry::prefixes()) {
            if (prefix.keyVariables.isEmpty())
                continue;
            const auto same = std::find_if(list.begin(), list.end(),
                [&prefix](const KeySlot& slot) { return slot.variables == prefix.keyVariables; });
            if (same == list.end())
                list.push_back({prefix.displayName, {prefix.prefix}, prefix.keyVariables});
            else
                same->prefixes.append(prefix.prefix);
        }
        return list;
    }();
    return slots;
}

KeyRing::KeyRing(QString folder, QObject* parent)
    : QObject(parent)
    , m_folder(std::move(folder))
{
    refresh();
}

KeyRing::~KeyRing() = default;

QString KeyRing::value(const QString& name) const
{
    QString given = qEnvironmentVariable(name.toLatin1().constData());
    if (!given.trimmed().isEmpty())
        return given;
    const auto kept = m_session.constFind(name);
    return kept != m_session.cend() ? *kept : m_read.value(name);
}

KeyRing::Place KeyRing::place(const QString& name) const
{
    if (!qEnvironmentVariable(name.toLatin1().constData()).trimmed().isEmpty())
        return Place::Environment;
    if (m_session.contains(name))
        return Place::Session;
    return isStored(name) ? Place::Keychain : Place::None;
}

QCoro::Task<> KeyRing::load(QStringList names)
{
    refresh();
    for (const QString& name : names) {
        if (!m_listed.contains(name) || m_fresh.contains(name))
            continue;
        // Runs that begin together ask once.
        if (const std::shared_ptr<Gate> other = m_reading.value(name)) {
            co_await other->passed();
            continue;
        }
        const auto gate = std::make_shared<Gate>();
        m_reading.insert(name, gate);
        QFuture<Outcome> reading = runJob([name] { return jobFor<QKeychain::ReadPasswordJob>(name); });
        const Outcome outcome = co_await reading;
        m_reading.remove(name);
        if (outcome.error == QKeychain::NoError) {
            m_read.insert(name, outcome.key);
            m_fresh.insert(name);
        } else if (outcome.error == QKeychain::EntryNotFound) {
            m_read.remove(name);
        }
        const bool known = outcome.error == QKeychain::NoError || outcome.error == QKeychain::EntryNotFound;
        m_problem = known ? QString() : problemText(outcome);
        gate->open();
        Q_EMIT changed();
    }
}

QCoro::Task<> KeyRing::store(QString name, QString key)
{
    if (m_folder.isEmpty())
        throw ConfigurationError(QStringLiteral("There is no data folder to remember the key's name in."),
            QStringLiteral("Name one with --config, or keep the key for this session only."));
    QFuture<Outcome> writing = runJob([name, key] {
        auto* const job = jobFor<QKeychain::WritePasswordJob>(name);
        job->setTextData(key);
        return job;
    });
    const Outcome outcome = co_await writing;
    if (outcome.error != QKeychain::NoError)
        fail(outcome);
    list(name, true);
    m_read.insert(name, key);
    m_fresh.insert(name);
    m_session.remove(name);
    m_problem.clear();
    Q_EMIT changed();
}

void KeyRing::keepForSession(const QString& name, const QString& key)
{
    m_session.insert(name, key);
    Q_EMIT changed();
}

QCoro::Task<> KeyRing::remove(QString name)
{
    if (isStored(name)) {
        QFuture<Outcome> deleting = runJob([name] { return jobFor<QKeychain::DeletePasswordJob>(name); });
        const Outcome outcome = co_await deleting;
        if (outcome.error != QKeychain::NoError && outcome.error != QKeychain::EntryNotFound)
            fail(outcome);
        list(name, false);
        m_read.remove(name);
        m_fresh.remove(name);
    }
    m_session.remove(name);
    Q_EMIT changed();
}

/// Another program may have put something into the keychain, or taken it out: each writes the list then.
void KeyRing::refresh()
{
    const QDateTime writtenAt = QFileInfo(listPath(m_folder)).lastModified();
    m_listed = readList();
    if (writtenAt == m_listedAt)
        return;
    m_listedAt = writtenAt;
    // What was read serves runs that are under way until it is read again.
    m_fresh.clear();
    erase_if(m_read, [this](QHash<QString, QString>::iterator it) { return !m_listed.contains(it.key()); });
}

QStringList KeyRing::readList() const
{
    QFile file(listPath(m_folder));
    if (m_folder.isEmpty() || !file.open(QIODevice::ReadOnly))
        return {};
    QStringList names;
    const auto json = tryParseJson(file.readAll());
    if (!json || !json->is_array())
        return {};
    for (const Json& name : *json) {
        if (name.is_string())
            names.append(toQString(name.get_ref<const std::string&>()));
    }
    return names;
}

void KeyRing::list(const QString& name, bool isThere)
{
    createPrivateFolder(m_folder);
    QLockFile lock(listPath(m_folder) + QStringLiteral(".lock"));
    lock.setStaleLockTime(tornLockMs);
    constexpr int patienceMs = 2000;
    if (!lock.tryLock(patienceMs))
        throw ConfigurationError(
            QStringLiteral("The list of keys in %1 can't be changed: it is being changed, or the folder "
                           "can't be written.")
                .arg(m_folder),
            QStringLiteral("Try again, or see to the rights of the folder."));
    refresh();
    m_listed.removeAll(name);
    if (isThere)
        m_listed.append(name);
    m_listed.sort();
    Json json = Json::array();
    for (const QString& one : std::as_const(m_listed))
        json.push_back(toUtf8(one));
    writeWholeFile(listPath(m_folder), toJsonText(json), FileAccess::OwnerOnly);
    m_listedAt = QFileInfo(listPath(m_folder)).lastModified();
}

} // namespace llmcache
