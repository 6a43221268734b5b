#pragma once

#include "cache/session.h"

#include <QStringList>

namespace llmcache::ui {

/// A stretch of time that the view offers.
enum class CostsRange { Today, Week, Month, Quarter, Year };
QString rangeName(CostsRange range);
QString previousName(CostsRange range);

/// What the view asks for.
struct CostsQuestion {
    CostsRange range = CostsRange::Month;
    Dimension stackBy = Dimension::Model;
    QByteArray timeZone = "UTC";
    std::vector<std::pair<Dimension, QStringList>> filters;
    qint64 nowMs = 0;
};

/// Spend of one series in every bucket of the range.
struct CostsSeries {
    QString name;
    bool other = false; ///< the sum of all that have no series of their own
    QVector<Money> values;
    Money total;
};

/// All that the view shows: exact sums out of the ledger.
struct CostsSnapshot {
    CostsQuestion question;
    qint64 fromMs = 0;
    qint64 toMs = 0;
    bool hourly = false;
    QStringList buckets; ///< keys as in CostRow, oldest first, empty ones included
    std::vector<CostsSeries> series; ///< by total, highest first; "other" last
    CostReport byModel;
    CostReport byTask;
    CostSums total;
    CostSums before;
    std::vector<CostSums> perBucket;
    std::vector<Call> calls; ///< the newest
};

/// At most this many series have a colour of their own.
inline constexpr int mostSeries = 6;

/// Asks the ledger. The session must outlive the task; throws what its store throws.
QCoro::Task<CostsSnapshot> loadCosts(Session* session, CostsQuestion question);

/// Start of the range that ends now, in UTC milliseconds, cut at a day (an hour for Today) of the time zone.
qint64 rangeStart(const CostsQuestion& question);
/// Keys of all buckets between two times, oldest first.
QStringList bucketKeys(qint64 fromMs, qint64 toMs, bool hourly, const QByteArray& timeZone);
/// Rows grouped by (bucket, name) as series: the `most` largest, then "other".
std::vector<CostsSeries> seriesOf(const CostReport& report, const QStringList& buckets, int most);
/// "14 Nov" or "14:00" for a bucket key.
QString bucketLabel(const QString& key, bool hourly);

/// CSV of a report: one column a dimension, then the sums; decimal dollars.
QByteArray costsCsv(const std::vector<Dimension>& groupBy, const CostReport& report);

} // namespace llmcache::ui
