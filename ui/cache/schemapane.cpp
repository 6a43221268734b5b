#include "cache/schemapane.h"

#include "cache/valuetext.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/format.h"

#include <QStackedWidget>
#include <QVBoxLayout>

namespace llmcache::ui {

SchemaTexts schemaTexts(const Entry& entry, const std::optional<Agent>& agent)
{
    SchemaTexts texts;
    texts.check = checkAnswer(entry, agent);
    texts.agent = entry.meta.agent;
    if (!texts.check.schema.is_null())
        texts.schema = QString::fromUtf8(toPrettyJsonText(texts.check.schema));
    if (texts.check.schemaChanged)
        addJsonSections(texts.changes, {}, texts.check.storedSchema, texts.check.schema);
    return texts;
}

SchemaPane::SchemaPane(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_verdict(new Badge(this))
    , m_note(makeLabel({}, Tone::Secondary, TextSize::Body, QFont::Normal, this))
    , m_violations(makeLabel({}, Tone::Error, TextSize::Body, QFont::Normal, this))
    , m_forms(new SegmentedControl(this))
    , m_pages(new QStackedWidget(this))
    , m_schema(new ValueText(theme, tr("Schema"), m_pages))
    , m_changes(new DiffView(theme, m_pages))
{
    m_verdict->setObjectName(QStringLiteral("schemaVerdict"));
    m_note->setObjectName(QStringLiteral("schemaNote"));
    m_note->setWordWrap(true);
    m_violations->setObjectName(QStringLiteral("schemaViolations"));
    m_violations->setWordWrap(true);
    m_violations->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_forms->setObjectName(QStringLiteral("schemaForms"));
    m_forms->addSegment(tr("Schema"));
    m_forms->addSegment(tr("What changed"));
    m_changes->setSides(tr("when it was stored"), tr("now"));
    m_pages->addWidget(m_schema);
    m_pages->addWidget(m_changes);
    auto* head = new QHBoxLayout;
    head->setSpacing(8);
    head->addWidget(m_verdict, 0, Qt::AlignTop);
    head->addWidget(m_note, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 8, 0, 0);
    layout->setSpacing(8);
    layout->addLayout(head);
    layout->addWidget(m_violations);
    layout->addWidget(m_pages, 1);
    layout->addWidget(m_forms);
    layout->addStretch(0);
    connect(m_forms, &SegmentedControl::currentChanged, m_pages, &QStackedWidget::setCurrentIndex);
}

QString SchemaPane::tabTitle(const SchemaCheck& check)
{
    switch (check.state) {
    case SchemaCheck::State::NoSchema:
        break;
    case SchemaCheck::State::Fits:
        return tr("Schema ✓");
    case SchemaCheck::State::DoesNotFit:
        return tr("Schema ✕ %1").arg(check.violations.size());
    case SchemaCheck::State::Unreadable:
        return tr("Schema ?");
    }
    return tr("Schema");
}

void SchemaPane::show(const SchemaTexts& texts)
{
    const SchemaCheck& check = texts.check;
    const QString subject =
        !check.againstAgent ? tr("what the request asked for") : tr("agent %1 as it is now").arg(texts.agent);
    QString note;
    switch (check.state) {
    case SchemaCheck::State::NoSchema:
        m_verdict->setBadge(BadgeKind::Neutral, tr("TEXT"));
        note = tr("The answer is free text: there is no schema to fit (%1).").arg(subject);
        break;
    case SchemaCheck::State::Fits:
        m_verdict->setBadge(BadgeKind::Hit, tr("✓ FITS"));
        note = tr("The answer fits %1, by %2.").arg(check.schemaName, subject);
        break;
    case SchemaCheck::State::DoesNotFit:
        m_verdict->setBadge(BadgeKind::Error, tr("✕ DOES NOT FIT"));
        note = check.schemaName.isEmpty()
            ? tr("By %1.").arg(subject)
            : tr("The answer does not fit %1, by %2.").arg(check.schemaName, subject);
        break;
    case SchemaCheck::State::Unreadable:
        m_verdict->setBadge(BadgeKind::Miss, tr("? NOT CHECKED"));
        break;
    }
    if (!texts.agent.isEmpty() && !check.againstAgent)
        note += QLatin1Char(' ') + tr("There is no agent %1 in this workspace.").arg(texts.agent);
    if (check.schemaChanged)
        note += QLatin1Char(' ') + tr("The schema is another one than when this was stored.");
    m_note->setText(note);
    QStringList lines;
    for (const QString& violation : check.violations)
        lines << QStringLiteral("•  ") + violation;
    m_violations->setText(lines.join(QLatin1Char('\n')));
    m_violations->setVisible(!lines.isEmpty());
    m_schema->setText(texts.schema, Syntax::Json);
    m_changes->setSections(texts.changes);
    m_forms->setVisible(check.schemaChanged);
    if (!check.schemaChanged)
        m_forms->setCurrentIndex(0);
    m_pages->setVisible(!texts.schema.isEmpty() || check.schemaChanged);
}

} // namespace llmcache::ui
