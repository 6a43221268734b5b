#pragma once

#include "redis/subscriber.h"
#include "store/redis/rediskeys_p.h"
#include "store/store.h"

#include <QDeadlineTimer>
#include <QHash>
#include <QPointer>
#include <QTimer>

namespace llmcache {
class Gate;
}

namespace llmcache::redis {
class Client;
}

namespace llmcache::redisstore {

/// Listens to what the servers of a Redis say about the entries of a workspace (keyspace notifications), for
/// as long as somebody asks for it, and remembers that for a while.
class RedisNews : public QObject {
    Q_OBJECT
public:
    /// `client` may go before this does: what is pending fails then.
    RedisNews(redis::Client* client, const Keys& keys, int database);
    ~RedisNews() override;

    /// See Store::entryNews().
    QCoro::Task<EntryNews> since(QByteArray position);

private:
    /// A server with a part of the keys: notifications are not passed on within a cluster.
    struct Node {
        QByteArray id;
        std::unique_ptr<redis::Subscriber> subscriber;
        std::unique_ptr<redis::Subscription> subscription;
        std::unique_ptr<redis::Subscription> pythonSubscription; ///< to entries of pyai-caching
        bool wasActive = false;
        bool sendsAll = false; ///< by its configuration
    };

    static QCoro::Task<> check(QPointer<RedisNews> self);
    static QCoro::Task<> activated(QPointer<RedisNews> self);
    void setNodes(const QList<QByteArray>& ids);
    void heard(const QByteArray& id, redis::Subscriber::Event event, const QByteArray& channel);
    bool isActive() const;
    bool isTold() const;
    void forget();
    void stop();

    redis::Client* m_client;
    Keys m_keys;
    QByteArray m_pattern;
    QByteArray m_pythonPattern;
    std::vector<std::unique_ptr<Node>> m_nodes;
    QHash<QByteArray, qint64> m_changed; ///< fingerprints, and where their last news stands
    qint64 m_begin = 0; ///< what was before this place is forgotten
    qint64 m_end = 0; ///< place of the newest
    bool m_wasTold = false; ///< as of the last answer
    bool m_checking = false;
    QDeadlineTimer m_checkDue{0};
    QTimer m_idle;
    std::vector<QPointer<Gate>> m_waiters; ///< for all subscriptions to be confirmed
};

} // namespace llmcache::redisstore
