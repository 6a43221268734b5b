#pragma once

namespace llmcache {

/// Keeps retries from multiplying the load on a provider that fails most of the time: each failure takes a
/// token of 100, each success gives a tenth back, and with half of them gone nothing is sent a second time.
/// One for all runs against the same provider. Refusals for a rate limit do not count: their hints and
/// cooldowns hold runs off already.
class RetryBudget {
public:
    void failed() { m_tenths = m_tenths > perFailure ? m_tenths - perFailure : 0; }
    void succeeded() { m_tenths = m_tenths < most ? m_tenths + 1 : most; }
    bool allowsRetry() const { return m_tenths > most / 2; }

private:
    static constexpr int most = 1000; // tenths of a token
    static constexpr int perFailure = 10;
    int m_tenths = most;
};

} // namespace llmcache
