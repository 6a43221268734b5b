#include "workbench/variablefield.h"

#include "widgets/codeedit.h"

#include <QEvent>
#include <QSignalBlocker>

#include <algorithm>

namespace llmcache::ui {

namespace {
constexpr int mostLines = 5;
} // namespace

VariableField::VariableField(const QString& text, QWidget* parent)
    : QPlainTextEdit(parent)
{
    setTabChangesFocus(true);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    document()->setDocumentMargin(5);
    // The text begins where that of other fields does.
    setViewportMargins(4, 0, 4, 0);
    setText(text);
    connect(this, &QPlainTextEdit::textChanged, this, [this] {
        m_given.reset();
        fitHeight();
        Q_EMIT edited();
    });
    fitHeight();
}

void VariableField::setText(const QString& text)
{
    if (text == this->text())
        return;
    const QSignalBlocker quiet(this);
    setPlainText(text);
    m_given = text;
    fitHeight();
}

QString VariableField::text() const
{
    return m_given ? *m_given : typedText(*document());
}

int VariableField::heightOf(int lines) const
{
    const QMargins frame = contentsMargins();
    return lines * fontMetrics().lineSpacing() + 2 * qRound(document()->documentMargin()) + frame.top()
        + frame.bottom();
}

void VariableField::fitHeight()
{
    // The layout of a plain text document counts in lines.
    const int lines = std::max(1, qRound(document()->size().height()));
    setVerticalScrollBarPolicy(lines > mostLines ? Qt::ScrollBarAsNeeded : Qt::ScrollBarAlwaysOff);
    setFixedHeight(heightOf(std::min(lines, mostLines)));
}

QSize VariableField::sizeHint() const
{
    constexpr int width = 120;
    return {width, height()};
}

QSize VariableField::minimumSizeHint() const
{
    constexpr int width = 40;
    return {width, heightOf(1)};
}

void VariableField::changeEvent(QEvent* event)
{
    QPlainTextEdit::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        fitHeight();
}

void VariableField::resizeEvent(QResizeEvent* event)
{
    QPlainTextEdit::resizeEvent(event);
    fitHeight();
}

} // namespace llmcache::ui
