#include "cache/factlist.h"

#include "theme/type.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"

#include <QGridLayout>

namespace llmcache::ui {

namespace {

constexpr int lineHeight = 24;
constexpr int labelWidth = 88;

} // namespace

FactList::FactList(QWidget* parent)
    : QWidget(parent)
    , m_layout(new QGridLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setHorizontalSpacing(8);
    m_layout->setVerticalSpacing(0);
    m_layout->setColumnMinimumWidth(0, labelWidth);
    m_layout->setColumnStretch(1, 1);
}

int FactList::addLine(const QString& label, bool identifier)
{
    const int line = static_cast<int>(m_lines.size());
    auto* title = makeLabel(label, Tone::Secondary, TextSize::Body, QFont::Normal, this);
    auto* row = new QWidget(this);
    auto* rowLayout = new QHBoxLayout(row);
    rowLayout->setContentsMargins(0, 0, 0, 0);
    rowLayout->setSpacing(6);
    auto* value = new ElidedLabel(row, identifier ? Qt::ElideMiddle : Qt::ElideRight);
    auto* note = new ElidedLabel(row);
    setTone(note, Tone::Secondary);
    if (identifier)
        value->setFont(codeFont());
    value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    value->setAccessibleName(label);
    rowLayout->addWidget(value);
    rowLayout->addWidget(note, 1);
    m_layout->addWidget(title, line, 0);
    m_layout->addWidget(row, line, 1);
    m_layout->setRowMinimumHeight(line, lineHeight);
    m_lines << Line{title, row, value, note};
    return line;
}

void FactList::setLine(int line, const QString& value, const QString& note, const QString& toolTip)
{
    const Line& labels = m_lines.at(line);
    labels.value->setText(value.isEmpty() ? QStringLiteral("–") : value);
    labels.value->setExtraToolTip(toolTip);
    labels.note->setText(note);
    labels.note->setExtraToolTip(toolTip);
}

QString FactList::value(int line) const
{
    return m_lines.at(line).value->text();
}

void FactList::setLineVisible(int line, bool visible)
{
    const Line& shown = m_lines.at(line);
    shown.title->setVisible(visible);
    shown.row->setVisible(visible);
    m_layout->setRowMinimumHeight(line, visible ? lineHeight : 0);
}

} // namespace llmcache::ui
