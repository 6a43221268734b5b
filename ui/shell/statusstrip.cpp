#include "shell/statusstrip.h"

#include "widgets/controls.h"
#include "widgets/elidedlabel.h"
#include "widgets/format.h"

#include <QHBoxLayout>

namespace llmcache::ui {

StatusStrip::StatusStrip(QWidget* parent)
    : QFrame(parent)
    , m_dot(makeLabel(QStringLiteral("●"), Tone::Secondary, TextSize::Body, QFont::Normal, this))
    , m_store(new ElidedLabel(this, Qt::ElideMiddle))
    , m_latency(addLabel())
    , m_entries(addLabel())
    , m_saved(addLabel())
    , m_running(addLabel())
    , m_workspaceLabel(addLabel())
    , m_workspace(new ElidedLabel(this, Qt::ElideMiddle))
{
    setProperty("part", QStringLiteral("status"));
    setFixedHeight(28);
    setAccessibleName(tr("Status"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 1, 16, 0);
    layout->setSpacing(20);
    auto* store = new QHBoxLayout;
    store->setSpacing(6);
    store->addWidget(m_dot);
    store->addWidget(m_store);
    layout->addLayout(store);
    for (QLabel* label : {m_latency, m_entries, m_saved})
        layout->addWidget(label);
    layout->addStretch(1);
    layout->addWidget(m_running);
    auto* workspace = new QHBoxLayout;
    workspace->setSpacing(4);
    workspace->addWidget(m_workspaceLabel);
    workspace->addWidget(m_workspace);
    layout->addLayout(workspace);
    m_store->setFont(textFont());
    m_workspace->setFont(textFont(TextSize::Body, QFont::DemiBold));
    m_workspace->setProperty("strong", true);
    m_workspaceLabel->setText(tr("workspace"));
    m_workspace->hide();
    m_latency->setToolTip(tr("Round trip to the store"));
    m_dot->hide();
}

QLabel* StatusStrip::addLabel()
{
    QLabel* label = makeLabel({}, Tone::Secondary, TextSize::Body, QFont::Normal, this);
    label->hide();
    return label;
}

void StatusStrip::setStore(const QString& kind, const QString& name, bool connected, const QString& problem)
{
    QString text = kind + QStringLiteral(" · ") + format::path(name);
    Tone tone = Tone::Hit;
    if (!connected) {
        tone = problem.isEmpty() ? Tone::Secondary : Tone::Error;
        text += QStringLiteral(" · ") + (problem.isEmpty() ? tr("connecting") : tr("not connected"));
    } else if (!problem.isEmpty()) {
        tone = Tone::Error;
        text += QStringLiteral(" · ") + tr("not safe");
    }
    m_dot->show();
    setTone(m_dot, tone);
    m_store->setText(text);
    m_store->setExtraToolTip(problem);
    setTone(m_store, !problem.isEmpty() ? Tone::Error : Tone::Secondary);
    m_store->setAccessibleName(connected ? tr("Store %1, connected").arg(text) : tr("Store %1").arg(text));
    if (!connected)
        setLatency({});
}

void StatusStrip::setLatency(std::optional<std::chrono::microseconds> latency)
{
    m_latency->setVisible(latency.has_value());
    if (latency)
        m_latency->setText(format::duration(*latency));
}

void StatusStrip::setEntries(qint64 entries)
{
    m_entries->setVisible(entries >= 0);
    m_entries->setText(entries == 1 ? tr("1 entry") : tr("%1 entries").arg(format::count(entries)));
}

void StatusStrip::setSavedToday(std::optional<Money> saved)
{
    m_saved->setVisible(saved.has_value());
    if (!saved)
        return;
    m_saved->setText(tr("saved today %1").arg(format::money(saved)));
    m_saved->setToolTip(format::moneyToolTip(saved));
}

void StatusStrip::setRunning(int running)
{
    m_running->setVisible(running > 0);
    m_running->setText(tr("%1 running").arg(format::count(running)));
}

void StatusStrip::setWorkspace(const QString& workspace)
{
    m_workspaceLabel->setVisible(!workspace.isEmpty());
    m_workspace->setVisible(!workspace.isEmpty());
    m_workspace->setText(workspace);
    m_workspace->setAccessibleName(tr("Workspace %1").arg(workspace));
}

QString StatusStrip::storeText() const
{
    return m_store->text();
}

} // namespace llmcache::ui
