#include "workbench/agentheader.h"

#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/format.h"

#include <QHBoxLayout>

namespace llmcache::ui {

AgentHeader::AgentHeader(QWidget* parent)
    : QWidget(parent)
    , m_name(makeLabel({}, Tone::Normal, TextSize::Large, QFont::DemiBold))
    , m_revision(new Badge)
    , m_note(makeLabel({}, Tone::Secondary))
    , m_revert(secondaryButton(tr("Revert")))
    , m_save(secondaryButton(tr("Save")))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(10);
    m_note->setObjectName(QStringLiteral("agent state"));
    m_revert->setObjectName(QStringLiteral("revert agent"));
    m_save->setObjectName(QStringLiteral("save agent"));
    m_save->setKeyHint(QStringLiteral("Ctrl S"));
    row->addWidget(m_name);
    row->addWidget(m_revision);
    row->addWidget(m_note);
    row->addStretch(1);
    row->addWidget(m_revert);
    row->addWidget(m_save);
    connect(m_save, &QPushButton::clicked, this, &AgentHeader::saveRequested);
    connect(m_revert, &QPushButton::clicked, this, &AgentHeader::revertRequested);
}

void AgentHeader::setObstacle(const QString& obstacle)
{
    m_obstacle = obstacle;
    m_save->setToolTip(obstacle);
}

void AgentHeader::show(const StoredAgent& stored, const QString& name, bool dirty, qint64 nowMs)
{
    const bool saved = stored.revision > 0;
    m_name->setText(name);
    m_revision->setVisible(saved);
    m_revision->setBadge(BadgeKind::Neutral, QStringLiteral("v%1").arg(stored.revision));
    if (!saved)
        m_note->setText(tr("not saved in this workspace"));
    else if (dirty)
        m_note->setText(tr("edited, not saved"));
    else
        m_note->setText(
            tr("saved %1 by %2").arg(format::relativeTime(stored.savedMs, nowMs), stored.savedBy));
    m_save->setEnabled((dirty || !saved) && m_obstacle.isEmpty());
    m_revert->setVisible(dirty);
}

void AgentHeader::showReading()
{
    m_name->clear();
    m_revision->hide();
    m_note->setText(tr("reading the agents"));
    m_save->setEnabled(false);
    m_revert->hide();
}

} // namespace llmcache::ui
