#pragma once

#include <qcorotask.h>

#include <QDateTime>
#include <QHash>
#include <QObject>
#include <QSet>
#include <QStringList>

#include <memory>
#include <vector>

namespace llmcache {

class Gate;

/// A key that somebody can have: the providers that share it, and the environment names it goes by.
struct KeySlot {
    QString provider; ///< for people: "Anthropic"
    QStringList prefixes; ///< of model names: "anthropic"
    QStringList variables; ///< the first that is set wins
};
/// All of them, in the order of the table of prefixes; without providers that need no key.
const std::vector<KeySlot>& keySlots();

/// The keys of providers, by the name of their environment variable ("OPENAI_API_KEY"): from the environment,
/// from the system's keychain (through QtKeychain: Secret Service, KWallet), or for this session alone. Never
/// in a file. A file of the folder, `keys.json`, lists the names that are in the keychain, so that nothing is
/// asked of it, and nobody for its password, before there is something in it. Several objects and programs
/// may share a folder.
///
/// Thread-affine; needs an event loop, and must outlive its tasks.
class KeyRing : public QObject {
    Q_OBJECT
public:
    enum class Place { None, Environment, Keychain, Session };

    /// Without a folder nothing can be put into the keychain.
    explicit KeyRing(QString folder, QObject* parent = nullptr);
    ~KeyRing() override;

    /// The key: the environment's, the session's, or the keychain's where load() has read it; empty without
    /// one.
    QString value(const QString& name) const;
    /// Where value() has its key from, or would have it from after load().
    Place place(const QString& name) const;
    /// Whether the keychain has it, whatever wins.
    bool isStored(const QString& name) const { return m_listed.contains(name); }

    /// Reads those of the names from the keychain that are in it, and not read yet, or stored or deleted
    /// since by another object or program. Does not throw: what went wrong is in problem().
    QCoro::Task<> load(QStringList names);
    /// Why load() could not read a key, for people; empty when it could.
    const QString& problem() const { return m_problem; }

    /// Puts a key into the keychain, over the one that is there. Throws ConfigurationError when there is no
    /// keychain, or it refuses; nothing has changed then. Give `key` without spaces around it.
    QCoro::Task<> store(QString name, QString key);
    /// Keeps a key in memory until the program ends.
    void keepForSession(const QString& name, const QString& key);
    /// Takes a key out of session and keychain. Errors as store().
    QCoro::Task<> remove(QString name);

Q_SIGNALS:
    /// What value() or place() say of some name.
    void changed();

private:
    QStringList readList() const;
    void refresh();
    void list(const QString& name, bool isThere);

    QString m_folder;
    QString m_problem;
    QStringList m_listed; ///< names that are in the keychain
    QDateTime m_listedAt; ///< when the file was written that they are from
    QHash<QString, QString> m_session;
    QHash<QString, QString> m_read; ///< from the keychain
    QSet<QString> m_fresh; ///< of those: not changed since, as far as the list tells
    QHash<QString, std::shared_ptr<Gate>> m_reading;
};

} // namespace llmcache
