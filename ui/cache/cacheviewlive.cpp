#include "cache/cacheview.h"

#include "cache/entrydetail.h"
#include "cache/entrytable.h"
#include "cache/entrytablemodel.h"
#include "cache/liveentries.h"
#include "cache/schemascan.h"
#include "cache/textsearch.h"

#include <QSettings>

#include <algorithm>

// What entries are now, whoever has stored or changed them.

namespace llmcache::ui {

namespace {

const QString liveKey = QStringLiteral("cache/live");

} // namespace

void CacheView::takeRows(const std::vector<EntryMeta>& rows)
{
    m_model->upsert(rows);
    m_model->setInvalid(m_schemaScan->known(rows), true);
    m_schemaScan->checkAgain(rows);
    m_search->resume();
}

void CacheView::noteStored(const QString& fingerprint)
{
    if (m_session && m_started) // otherwise the scan that comes will find it
        m_live->read({fingerprint});
}

void CacheView::takeNews(const std::vector<EntryMeta>& rows, const QStringList& gone)
{
    tick(); // or a new row would be from the future
    takeRows(rows);
    QStringList leaving;
    std::copy_if(gone.begin(), gone.end(), std::back_inserter(leaving),
        [this](const QString& fingerprint) { return m_model->contains(fingerprint); });
    if (!leaving.isEmpty())
        m_model->removeEntries(leaving);
    // A large value is read again only when it is another one, not each time that somebody uses it.
    constexpr qint64 large = 1'000'000;
    const QString shown = m_detail->fingerprint();
    const bool isOther = std::any_of(rows.begin(), rows.end(), [&](const EntryMeta& row) {
        return row.fingerprint == shown && (row.revision != m_detail->revision() || row.bytes < large);
    });
    if (isOther || gone.contains(shown))
        m_detail->reload();
}

void CacheView::readAgain(const QStringList& fingerprints)
{
    constexpr qsizetype few = 1000;
    if (fingerprints.size() > few) {
        rescan();
        return;
    }
    m_live->read(fingerprints);
}

RowRun CacheView::visibleRows() const
{
    const int last = m_table->rowAt(m_table->viewport()->height() - 1);
    return {std::max(0, m_table->rowAt(0)), last < 0 ? m_model->rowCount() - 1 : last};
}

QStringList CacheView::visibleFingerprints() const
{
    QStringList visible;
    const RowRun rows = visibleRows();
    for (int row = rows.first; row <= rows.last; ++row)
        visible.append(m_model->fingerprintAt(row));
    return visible;
}

void CacheView::restoreLive()
{
    m_live->setOn(!m_settings || m_settings->value(liveKey, true).toBool());
}

void CacheView::setLive(bool on)
{
    if (m_settings)
        m_settings->setValue(liveKey, on);
    m_live->setOn(on);
}

void CacheView::showEvent(QShowEvent* event)
{
    View::showEvent(event);
    m_live->setWatched(true);
    m_shownCheck->start();
}

void CacheView::hideEvent(QHideEvent* event)
{
    View::hideEvent(event);
    m_live->setWatched(false);
}

} // namespace llmcache::ui
