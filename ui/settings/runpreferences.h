#pragma once

#include <QString>

#include <chrono>

class QSettings;

namespace llmcache::ui {

/// How runs of the window are made where an agent does not say otherwise.
struct RunPreferences {
    static constexpr int longestLifeDays = 3650;
    static constexpr int longestKeepDays = 3650;

    QString user; ///< who pays, in the ledger; empty = the name of the account on this machine
    int lifeDays = 15; ///< of entries; 0 = for ever
    std::chrono::milliseconds initialWait{500}; ///< after the first refusal
    std::chrono::seconds maxWait{60}; ///< all waits of a run together
    int atOnce = 0; ///< runs under way in one window; 0 = any number
    int keepDays = 0; ///< calls stay in the ledger; older ones are archived. 0 = for ever

    /// Values that are none, or out of range, are the ones above.
    static RunPreferences from(const QSettings& settings);
    void save(QSettings& settings) const;
};

/// What useProxy() takes.
QString proxyPreference(const QSettings& settings);
void saveProxyPreference(QSettings& settings, const QString& choice);

} // namespace llmcache::ui
