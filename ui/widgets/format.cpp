#include "widgets/format.h"

#include <QDateTime>
#include <QDir>
#include <QLocale>

#include <array>
#include <cmath>

namespace llmcache::ui::format {

namespace {

QString decimals(double value, int digits)
{
    return QLocale::c().toString(value, 'f', digits);
}

QString unit(qint64 value, const char* name)
{
    return count(value) + QLatin1Char(' ') + QString::fromUtf8(name);
}

/// The largest single unit from seconds up.
QString coarse(qint64 seconds)
{
    if (seconds < 60)
        return unit(seconds, "s");
    if (seconds < 3600)
        return unit(seconds / 60, "min");
    if (seconds < 86'400)
        return unit(seconds / 3600, "h");
    return unit(seconds / 86'400, "d");
}

} // namespace

QString duration(std::chrono::microseconds value)
{
    const qint64 us = std::max<qint64>(0, value.count());
    if (us == 0)
        return QStringLiteral("0 ms");
    if (us < 100)
        return unit(us, "µs");
    if (us < 9'950)
        return decimals(static_cast<double>(us) / 1'000, 1) + QStringLiteral(" ms");
    if (us < 999'500)
        return unit((us + 500) / 1'000, "ms");
    if (us < 9'995'000)
        return decimals(static_cast<double>(us) / 1e6, 2) + QStringLiteral(" s");
    if (us < 59'950'000)
        return decimals(static_cast<double>(us) / 1e6, 1) + QStringLiteral(" s");
    return coarse((us + 500'000) / 1'000'000);
}

QString callLatency(std::chrono::milliseconds value)
{
    return value.count() == 0 ? QStringLiteral("<1 ms") : duration(value);
}

QString lifetime(std::chrono::seconds value)
{
    const qint64 s = value.count();
    if (s <= 0)
        return QStringLiteral("expired");
    const auto two = [](qint64 large, const char* largeName, qint64 small, const char* smallName) {
        return small == 0 ? unit(large, largeName) : unit(large, largeName) + u' ' + unit(small, smallName);
    };
    if (s < 60)
        return unit(s, "s");
    if (s < 3600)
        return two(s / 60, "min", s % 60, "s");
    if (s < 86'400)
        return two(s / 3600, "h", s % 3600 / 60, "min");
    return two(s / 86'400, "d", s % 86'400 / 3600, "h");
}

QString count(qint64 value)
{
    // Always commas, as Money has them: figures must not change their look with the locale of a machine.
    return QLocale(QLocale::English, QLocale::UnitedStates).toString(value);
}

QString counted(qint64 value, const QString& one, const QString& many)
{
    return count(value) + QLatin1Char(' ') + (value == 1 ? one : many);
}

QString bytes(qint64 value)
{
    static constexpr std::array<const char*, 5> names{"KB", "MB", "GB", "TB", "PB"};
    if (value < 1024)
        return unit(std::max<qint64>(0, value), "B");
    double amount = static_cast<double>(value) / 1024;
    std::size_t step = 0;
    while (amount >= 1023.95 && step + 1 < names.size()) {
        amount /= 1024;
        ++step;
    }
    return decimals(amount, 1) + u' ' + QLatin1String(names[step]);
}

QString percent(std::optional<double> share)
{
    if (!share || !std::isfinite(*share))
        return QStringLiteral("–");
    return decimals(*share * 100, 1) + QStringLiteral(" %");
}

QString money(std::optional<Money> amount)
{
    return amount ? amount->toDisplay() : QStringLiteral("unpriced");
}

QString moneyToolTip(std::optional<Money> amount)
{
    if (!amount)
        return QStringLiteral("No price is known for this model, so the cost is not known either.");
    const QString decimal = amount->toDecimal();
    const bool negative = decimal.startsWith(u'-');
    return (negative ? QStringLiteral("-$") : QStringLiteral("$")) + decimal.mid(negative ? 1 : 0)
        + QStringLiteral(" exactly");
}

QString relativeTime(qint64 timeMs, qint64 nowMs, const QTimeZone& zone)
{
    if (timeMs <= 0)
        return QStringLiteral("–");
    const QDateTime time = QDateTime::fromMSecsSinceEpoch(timeMs, zone);
    const QDateTime now = QDateTime::fromMSecsSinceEpoch(nowMs, zone);
    const QLocale english(QLocale::English);
    const qint64 seconds = (nowMs - timeMs) / 1000;
    // Clocks of other machines may be a little ahead.
    if (seconds < 60 && seconds > -60)
        return QStringLiteral("just now");
    if (seconds > 0 && seconds < 3600)
        return unit(seconds / 60, "min") + QStringLiteral(" ago");
    if (time.date() == now.date())
        return english.toString(time, QStringLiteral("HH:mm"));
    const qint64 days = time.date().daysTo(now.date());
    if (days > 0 && days < 7)
        return english.toString(time, QStringLiteral("ddd HH:mm"));
    if (time.date().year() == now.date().year())
        return english.toString(time, QStringLiteral("d MMM"));
    return english.toString(time, QStringLiteral("d MMM yyyy"));
}

QString fullTime(qint64 timeMs, const QTimeZone& zone)
{
    if (timeMs <= 0)
        return QStringLiteral("–");
    return QLocale(QLocale::English)
        .toString(QDateTime::fromMSecsSinceEpoch(timeMs, zone), QStringLiteral("ddd d MMM yyyy HH:mm:ss"));
}

QString age(qint64 timeMs, qint64 nowMs)
{
    if (timeMs <= 0)
        return QStringLiteral("–");
    const qint64 seconds = (nowMs - timeMs) / 1000;
    return seconds < 5 ? QStringLiteral("now") : coarse(seconds);
}

QString path(const QString& path)
{
    const QString home = QDir::homePath() + QLatin1Char('/');
    return path.startsWith(home) ? QStringLiteral("~/") + path.mid(home.size()) : path;
}

QString shortFingerprint(const QString& fingerprint)
{
    return fingerprint.left(8);
}

QString shortModel(const QString& model)
{
    const qsizetype colon = model.indexOf(u':');
    return colon < 0 ? model : model.mid(colon + 1);
}

} // namespace llmcache::ui::format
