#pragma once

#include "connection/connectionlist.h"

#include <qcorotask.h>

#include <QObject>
#include <QThreadPool>

namespace llmcache {

class KeyRing;

/// The connections that a user keeps, with their passwords, for a program with an event loop: files are read
/// and written on a thread of its own.
///
/// Thread-affine; must outlive its tasks. Errors as ConnectionList and KeyRing::store().
class Connections : public QObject {
    Q_OBJECT
public:
    enum class Keep {
        Unchanged, ///< passwords stay where and what they are
        Keychain,
        Session, ///< in memory, until the program ends
    };
    /// What removing one took away, to put it back.
    struct Removed {
        ConnectionProfile profile;
        StoreSecrets secrets;
        Keep keep = Keep::Keychain; ///< where they were
        std::size_t position = 0;
    };

    /// `keys` holds the passwords and must outlive it.
    Connections(QString folder, KeyRing* keys, QObject* parent = nullptr);
    ~Connections() override;

    KeyRing* keys() const { return m_keys; }
    const QString& folder() const { return m_folder; }
    QCoro::Task<std::vector<ConnectionProfile>> load();
    /// Saves it under its id. Nothing is saved when the passwords can't be kept, and no password is kept when
    /// the name is taken, or a variable is to have it.
    QCoro::Task<> save(ConnectionProfile profile, StoreSecrets secrets, Keep keep);
    /// Takes its passwords out of keychain and memory; the profile stays.
    QCoro::Task<> forgetSecrets(ConnectionProfile profile);
    /// Nothing when there is none with this id.
    QCoro::Task<std::optional<Removed>> remove(QString id);
    QCoro::Task<> putBack(Removed removed);

Q_SIGNALS:
    /// The list is another now.
    void changed();

private:
    QCoro::Task<> keepSecrets(ConnectionProfile profile, StoreSecrets secrets, Keep keep);

    QString m_folder;
    ConnectionList m_list;
    KeyRing* m_keys;
    QThreadPool m_pool; ///< of one thread, so that changes are made in their order
};

} // namespace llmcache
