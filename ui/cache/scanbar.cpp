#include "cache/scanbar.h"

#include "cache/entryscan.h"
#include "cache/entrytablemodel.h"
#include "cache/liveentries.h"
#include "cache/textsearch.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/format.h"

#include <QHBoxLayout>
#include <QProgressBar>

namespace llmcache::ui {

ScanBar::ScanBar(const Theme* theme, EntryScan* scan, TextSearch* search, const LiveEntries* live,
    const EntryTableModel* model, QWidget* parent)
    : QFrame(parent)
    , m_scan(scan)
    , m_search(search)
    , m_live(live)
    , m_model(model)
    , m_count(makeLabel({}, Tone::Normal, TextSize::Body, QFont::DemiBold, this))
    , m_progressText(makeLabel({}, Tone::Secondary, TextSize::Body, QFont::Normal, this))
    , m_progress(new QProgressBar(this))
    , m_partial(new Badge(BadgeKind::Miss, tr("partial"), this))
    , m_pause(flatButton(tr("Pause"), this))
    , m_stop(flatButton(tr("Stop"), this))
    , m_rescan(flatButton(tr("Rescan"), this))
    , m_liveButton(flatButton({}, this))
    , m_sums(makeLabel({}, Tone::Secondary, TextSize::Body, QFont::Normal, this))
{
    setProperty("surface", QStringLiteral("background"));
    m_count->setObjectName(QStringLiteral("rowCount"));
    m_progressText->setObjectName(QStringLiteral("scanState"));
    m_partial->setObjectName(QStringLiteral("partialMark"));
    m_partial->setToolTip(tr("Not all entries have been looked at: counts, sums and order are of a part."));
    m_pause->setObjectName(QStringLiteral("pauseScan"));
    m_stop->setObjectName(QStringLiteral("stopScan"));
    m_rescan->setObjectName(QStringLiteral("rescan"));
    m_rescan->setKeyHint(tr("F5"));
    m_liveButton->setObjectName(QStringLiteral("live"));
    m_sums->setObjectName(QStringLiteral("shownSums"));
    m_progress->setObjectName(QStringLiteral("scanProgress"));
    m_progress->setTextVisible(false);
    m_progress->setFixedSize(140, 4);
    m_progress->setAccessibleName(tr("Scan progress"));

    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 0, 16, 0);
    layout->setSpacing(12);
    layout->addWidget(m_count);
    layout->addWidget(m_progressText);
    layout->addWidget(m_progress);
    layout->addWidget(m_partial);
    layout->addWidget(m_pause);
    layout->addWidget(m_stop);
    layout->addWidget(m_rescan);
    layout->addWidget(m_liveButton);
    layout->addStretch(1);
    layout->addWidget(m_sums);
    setFixedHeight(theme->controlHeight() + 4);

    connect(m_pause, &QPushButton::clicked, this, [this] {
        if (m_scan->state() == EntryScan::State::Paused)
            m_scan->resume();
        else
            m_scan->pause();
    });
    connect(m_stop, &QPushButton::clicked, m_scan, &EntryScan::stop);
    connect(m_stop, &QPushButton::clicked, m_search, &TextSearch::stop);
    connect(m_rescan, &QPushButton::clicked, this, &ScanBar::rescanRequested);
    connect(m_liveButton, &QPushButton::clicked, this, [this] { Q_EMIT liveRequested(!m_live->isOn()); });
    connect(m_live, &LiveEntries::modeChanged, this, &ScanBar::refreshLive);
    connect(m_scan, &EntryScan::changed, this, &ScanBar::refresh);
    connect(m_search, &TextSearch::changed, this, &ScanBar::refresh);
    connect(m_model, &EntryTableModel::arranged, this, &ScanBar::refresh);
    refresh();
    refreshLive();
}

void ScanBar::refreshLive()
{
    using Mode = LiveEntries::Mode;
    const Mode mode = m_live->mode();
    m_liveButton->setText(!m_live->isOn() ? tr("Not live")
            : mode == Mode::Sampling      ? tr("Live, sampled")
                                          : tr("Live"));
    m_liveButton->setToolTip(!m_live->isOn()
            ? tr("Changes by others appear with the next scan. Click to see them as they happen.")
            : mode == Mode::Sampling
            ? tr("This server does not tell what others change (notify-keyspace-events), so the visible rows "
                 "are read every few seconds and the others now and then. Click to stop that.")
            : tr("What others change appears here within a second or two. Click to stop that."));
}

void ScanBar::refresh()
{
    using State = EntryScan::State;
    const State state = m_scan->state();
    const EntrySums& sums = m_model->sums();
    const qint64 total = m_model->total();
    const QString totalText = total == 1 ? tr("1 entry") : tr("%1 entries").arg(format::count(total));
    m_count->setText(m_model->isFiltered()
            ? tr("%1 of %2").arg(format::count(sums.entries), format::count(total))
            : totalText);

    if (state == State::Failed && total == 0)
        m_count->setText(tr("Nothing read"));
    const double progress = m_scan->progress();
    const QString searched = searchText();
    m_progressText->setText(
        searched.isEmpty() ? scanText(progress) : scanText(progress) + QStringLiteral(" · ") + searched);
    const bool searching = m_search->isUnderWay() && !m_scan->isUnderWay();
    const double shown = searching ? m_model->searchProgress() : progress;
    m_progress->setVisible(m_scan->isUnderWay() || searching);
    m_progress->setRange(0, shown >= 0 ? 1000 : 0);
    m_progress->setValue(shown >= 0 ? static_cast<int>(shown * 1000) : -1);
    const TextSearch::State search = m_search->state();
    m_partial->setVisible((state != State::Complete && state != State::Idle)
        || (search != TextSearch::State::Idle && search != TextSearch::State::Done));
    m_pause->setVisible(m_scan->isUnderWay());
    m_pause->setText(state == State::Paused ? tr("Resume") : tr("Pause"));
    const bool underWay = m_scan->isUnderWay() || m_search->isUnderWay();
    m_stop->setVisible(underWay);
    m_rescan->setVisible(!underWay && state != State::Idle);
    m_liveButton->setVisible(state != State::Idle);

    QString right;
    if (sums.entries > 0) {
        right = tr("cost to refill %1")
                    .arg(sums.unpriced == sums.entries ? tr("unknown") : sums.cost.toDisplay());
        if (sums.unpriced > 0 && sums.unpriced < sums.entries)
            right += tr(" + %1 unpriced").arg(format::count(sums.unpriced));
        right += QStringLiteral("    ") + format::bytes(sums.bytes);
    }
    m_sums->setText(right);
    m_sums->setToolTip(sums.entries > 0
            ? tr("What the entries shown cost when they were paid for, exactly $%1")
                  .arg(sums.cost.toDecimal())
            : QString());
}

QString ScanBar::scanText(double progress) const
{
    using State = EntryScan::State;
    const QString done = format::count(m_scan->scanned());
    const QString part = progress >= 0
        ? tr("%1 of %2").arg(done, format::count(std::max(m_scan->total(), m_scan->scanned())))
        : done;
    switch (m_scan->state()) {
    case State::Idle:
        break;
    case State::Running:
        return tr("scanned %1").arg(part);
    case State::Paused:
        return tr("paused at %1").arg(part);
    case State::Stopped:
        return tr("stopped at %1").arg(part);
    case State::Complete:
        return tr("scanned 100 %");
    case State::Failed:
        return tr("scan failed");
    }
    return {};
}

QString ScanBar::searchText() const
{
    using State = TextSearch::State;
    const QString texts = format::count(m_search->searched());
    // An index that has come only so far leaves the rest to be read.
    const std::optional<double> indexed = m_search->indexed();
    const QString index = indexed && *indexed < 1
        ? tr(" · index %1 %, the rest is read").arg(std::min(99, static_cast<int>(*indexed * 100)))
        : QString();
    switch (m_search->state()) {
    case State::Idle:
        break;
    case State::Running:
        return tr("searching texts, %1 so far").arg(texts) + index;
    case State::Stopped:
        return tr("search stopped after %1 texts").arg(texts);
    case State::Done:
        return (m_search->searched() == 1 ? tr("searched 1 text") : tr("searched %1 texts").arg(texts))
            + index;
    case State::Failed:
        return tr("search failed");
    }
    return {};
}

} // namespace llmcache::ui
