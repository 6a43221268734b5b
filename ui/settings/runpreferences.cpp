#include "settings/runpreferences.h"

#include <QSettings>

namespace llmcache::ui {

namespace {

const QString userKey = QStringLiteral("runs/user");
const QString lifeKey = QStringLiteral("runs/life_days");
const QString initialWaitKey = QStringLiteral("runs/initial_wait_ms");
const QString maxWaitKey = QStringLiteral("runs/max_wait_s");
const QString atOnceKey = QStringLiteral("runs/at_once");
const QString keepKey = QStringLiteral("ledger/keep_days");
const QString proxyKey = QStringLiteral("network/proxy");

int numberOf(const QSettings& settings, const QString& key, int least, int most, int otherwise)
{
    bool ok = false;
    const int value = settings.value(key).toInt(&ok);
    return ok && value >= least && value <= most ? value : otherwise;
}

} // namespace

RunPreferences RunPreferences::from(const QSettings& settings)
{
    constexpr int minuteMs = 60'000;
    constexpr int hour = 3600;
    constexpr int mostAtOnce = 64;
    RunPreferences found;
    found.user = settings.value(userKey).toString().trimmed();
    found.lifeDays = numberOf(settings, lifeKey, 0, longestLifeDays, found.lifeDays);
    found.initialWait = std::chrono::milliseconds(
        numberOf(settings, initialWaitKey, 1, minuteMs, static_cast<int>(found.initialWait.count())));
    found.maxWait = std::chrono::seconds(
        numberOf(settings, maxWaitKey, 0, hour, static_cast<int>(found.maxWait.count())));
    found.atOnce = numberOf(settings, atOnceKey, 0, mostAtOnce, found.atOnce);
    found.keepDays = numberOf(settings, keepKey, 0, longestKeepDays, found.keepDays);
    return found;
}

void RunPreferences::save(QSettings& settings) const
{
    settings.setValue(userKey, user);
    settings.setValue(lifeKey, lifeDays);
    settings.setValue(initialWaitKey, static_cast<int>(initialWait.count()));
    settings.setValue(maxWaitKey, static_cast<int>(maxWait.count()));
    settings.setValue(atOnceKey, atOnce);
    settings.setValue(keepKey, keepDays);
}

QString proxyPreference(const QSettings& settings)
{
    return settings.value(proxyKey).toString().trimmed();
}

void saveProxyPreference(QSettings& settings, const QString& choice)
{
    settings.setValue(proxyKey, choice);
}

} // namespace llmcache::ui
