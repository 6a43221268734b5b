#pragma once

#include "base/clock.h"
#include "cache/background.h"
#include "store/store.h"

#include <QHash>

namespace llmcache {

/// What providers asked everybody to wait for: known to this process, and shared through the store with all
/// others. A cooldown belongs to a key made of provider, endpoint, account and model.
///
/// Thread-affine. Store, clock and background must outlive it and what it starts there.
class Cooldowns {
public:
    /// A cooldown is looked up in the store at most this often.
    static constexpr std::chrono::milliseconds freshness{1'000};
    /// No hint keeps everybody away for longer than this without being asked again.
    static constexpr std::chrono::milliseconds longest = std::chrono::hours(1);

    Cooldowns(Store& store, Clock& clock, Background& background);

    static QString key(
        const QString& provider, const QString& endpoint, const QString& account, const QString& model);

    /// Asks the store unless that was just done. Never throws: a store that is away shares nothing.
    QCoro::Task<> refresh(QString key);
    /// What is left of a cooldown, as far as it is known here.
    std::chrono::milliseconds left(const QString& key) const;
    /// Holds off all runs for `span` from now, here and in every process. Extends, never shortens.
    void publish(const QString& key, std::chrono::milliseconds span);

private:
    struct Known {
        std::chrono::steady_clock::time_point until{};
        std::optional<std::chrono::steady_clock::time_point> asked;
    };
    QCoro::Task<> send(QString key, std::chrono::milliseconds span);
    void extend(const QString& key, std::chrono::milliseconds span);

    Store& m_store;
    Clock& m_clock;
    Background& m_background;
    const QString m_publisher; ///< ours are known better here than in the store
    QHash<QString, Known> m_known;
};

} // namespace llmcache
