#pragma once

#include "cache/session.h"

#include <memory>

namespace llmcache::bench {

/// A session whose provider answers at once, with `prompts` answers of `answerBytes` in its store.
class WarmSession {
public:
    WarmSession(const QString& storeUrl, const QString& dataFolder, int prompts, int answerBytes);
    ~WarmSession();
    WarmSession(const WarmSession&) = delete;
    WarmSession& operator=(const WarmSession&) = delete;

    /// Asks for every prompt once, so that all are stored.
    void warmUp();
    /// Microseconds of each of `count` runs, one after the other.
    std::vector<double> oneAtATime(int count, CachePolicy policy = CachePolicy::Use);
    /// Runs a second with `inFlight` at any time.
    double throughput(int count, int inFlight);
    /// Requests a second that are made and given their keys, with no store asked: the least that a hit can
    /// take.
    double keysAlone(int count) const;
    void drain();
    /// What a hit reads of an entry, as the store packs it.
    qsizetype bytesOfHit();
    Session& session() { return *m_session; }
    QString fingerprint(int prompt) const;

private:
    RunOptions options(CachePolicy policy) const;
    std::unique_ptr<Session> m_session;
    Agent m_agent;
    int m_prompts;
    int m_next = 0;
};

} // namespace llmcache::bench
