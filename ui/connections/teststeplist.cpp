#include "connections/teststeplist.h"

#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/format.h"

#include <QGridLayout>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

using State = TestStep::State;

BadgeText badgeFor(State state)
{
    switch (state) {
    case State::Passed:
        return {BadgeKind::Hit, QObject::tr("✓ fine")};
    case State::Advice:
        return {BadgeKind::Miss, QObject::tr("! advice")};
    case State::Failed:
        return {BadgeKind::Error, QObject::tr("✕ failed")};
    case State::Running:
        return {BadgeKind::Accent, QObject::tr("◐ testing")};
    case State::Waiting:
        return {BadgeKind::Neutral, QObject::tr("waiting")};
    case State::Skipped:
        break;
    }
    return {BadgeKind::Neutral, QObject::tr("skipped")};
}

QLabel* text(const QString& words, Tone tone)
{
    QLabel* label = makeLabel(words, tone);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

} // namespace

TestStepList::TestStepList(QWidget* parent)
    : QFrame(parent)
{
    setProperty("surface", QStringLiteral("inset"));
    setObjectName(QStringLiteral("test steps"));
    setAccessibleName(tr("Steps of the test"));
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(12, 12, 12, 12);
    hide();
}

void TestStepList::clear()
{
    setSteps({});
}

void TestStepList::setSteps(const std::vector<TestStep>& steps)
{
    while (QLayoutItem* item = layout()->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    setVisible(!steps.empty());
    if (steps.empty())
        return;
    auto* holder = new QWidget(this);
    m_grid = new QGridLayout(holder);
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(12);
    m_grid->setVerticalSpacing(6);
    m_grid->setColumnStretch(2, 1);
    int row = 0;
    for (const TestStep& step : steps) {
        auto* badge = new Badge(holder);
        badge->setBadge(badgeFor(step.state));
        badge->setAccessibleName(QStringLiteral("%1: %2").arg(step.title(), badge->text()));
        m_grid->addWidget(badge, row, 0, Qt::AlignTop | Qt::AlignLeft);
        m_grid->addWidget(
            makeLabel(step.title(), Tone::Normal, TextSize::Body, QFont::DemiBold), row, 1, Qt::AlignTop);
        m_grid->addWidget(text(step.detail, Tone::Normal), row, 2);
        if (step.took)
            m_grid->addWidget(makeLabel(format::duration(*step.took), Tone::Secondary), row, 3,
                Qt::AlignTop | Qt::AlignRight);
        ++row;
        if (!step.remedy.isEmpty())
            m_grid->addWidget(text(step.remedy, Tone::Secondary), row++, 2, 1, 2);
    }
    layout()->addWidget(holder);
}

} // namespace llmcache::ui
