#include "cache/tagrow.h"

#include "theme/type.h"
#include "widgets/chip.h"
#include "widgets/flowlayout.h"

#include <QLineEdit>

namespace llmcache::ui {

TagRow::TagRow(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_layout(new FlowLayout(6, this))
    , m_field(new QLineEdit(this))
{
    constexpr int fieldWidth = 110;
    m_field->setObjectName(QStringLiteral("addTag"));
    m_field->setAccessibleName(tr("Add a tag"));
    m_field->setPlaceholderText(tr("add a tag"));
    m_field->setMaxLength(longestTag);
    m_field->setFixedWidth(fieldWidth);
    m_field->setFont(textFont());
    m_layout->addWidget(m_field);
    connect(m_field, &QLineEdit::returnPressed, this, [this] {
        const QString tag = m_field->text().trimmed();
        m_field->clear();
        if (!tag.isEmpty() && !m_tags.contains(tag))
            Q_EMIT addRequested(tag);
    });
}

void TagRow::setTags(const QStringList& tags)
{
    if (tags == m_tags)
        return;
    m_tags = tags;
    rebuild();
}

void TagRow::setObstacle(const QString& why)
{
    m_field->setEnabled(why.isEmpty());
    m_field->setToolTip(why);
    if (m_canChange == why.isEmpty())
        return;
    m_canChange = why.isEmpty();
    rebuild();
}

void TagRow::rebuild()
{
    qDeleteAll(std::exchange(m_chips, {}));
    m_layout->removeWidget(m_field);
    for (const QString& tag : std::as_const(m_tags)) {
        auto* chip = new Chip(m_theme, tag, m_canChange, this);
        // Later: the chip that asks is deleted by the answer.
        connect(
            chip, &Chip::removeRequested, this, [this, tag] { Q_EMIT removeRequested(tag); },
            Qt::QueuedConnection);
        m_layout->addWidget(chip);
        chip->show();
        m_chips.append(chip);
    }
    m_layout->addWidget(m_field);
    updateGeometry();
}

} // namespace llmcache::ui
