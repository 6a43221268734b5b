#include "cache/scanbar.h"

#include "cache/entryscan.h"
#include "cache/entrytablemodel.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/format.h"

#include <QHBoxLayout>
#include <QProgressBar>

namespace llmcache::ui {

ScanBar::ScanBar(const Theme* theme, EntryScan* scan, const EntryTableModel* model, QWidget* parent)
    : QFrame(parent)
    , m_scan(scan)
    , m_model(model)
    , m_count(makeLabel({}, Tone::Normal, TextSize::Body, QFont::DemiBold, this))
    , m_progressText(makeLabel({}, Tone::Secondary, TextSize::Body, QFont::Normal, this))
    , m_progress(new QProgressBar(this))
    , m_partial(new Badge(BadgeKind::Miss, tr("partial"), this))
    , m_pause(flatButton(tr("Pause"), this))
    , m_stop(flatButton(tr("Stop"), this))
    , m_rescan(flatButton(tr("Rescan"), this))
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
    connect(m_rescan, &QPushButton::clicked, this, &ScanBar::rescanRequested);
    connect(m_scan, &EntryScan::changed, this, &ScanBar::refresh);
    connect(m_model, &EntryTableModel::arranged, this, &ScanBar::refresh);
    refresh();
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
    // Never rounded up to 100 %: that would read as "all".
    const QString share = QString::number(std::min(99, static_cast<int>(progress * 100)));
    const bool known = progress >= 0;
    QString text;
    switch (state) {
    case State::Idle:
        break;
    case State::Running:
        text = known ? tr("scanned %1 %").arg(share) : tr("scanned %1").arg(format::count(m_scan->scanned()));
        break;
    case State::Paused:
        text = known ? tr("paused at %1 %").arg(share) : tr("paused");
        break;
    case State::Stopped:
        text = known ? tr("stopped at %1 %").arg(share) : tr("stopped");
        break;
    case State::Complete:
        text = tr("scanned 100 %");
        break;
    case State::Failed:
        text = tr("scan failed");
        break;
    }
    m_progressText->setText(text);
    m_progress->setVisible(m_scan->isUnderWay());
    m_progress->setRange(0, known ? 1000 : 0);
    m_progress->setValue(known ? static_cast<int>(progress * 1000) : -1);
    m_partial->setVisible(state != State::Complete && state != State::Idle);
    m_pause->setVisible(m_scan->isUnderWay());
    m_pause->setText(state == State::Paused ? tr("Resume") : tr("Pause"));
    m_stop->setVisible(m_scan->isUnderWay());
    m_rescan->setVisible(!m_scan->isUnderWay() && state != State::Idle);

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

} // namespace llmcache::ui
