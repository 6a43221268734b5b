#include "widgets/hexview.h"

#include "theme/theme.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>

namespace llmcache::ui {

namespace {

constexpr int margin = 10;
constexpr int lineLength = 8 + 2 + 16 * 3 + 1 + 16;

} // namespace

HexView::HexView(const Theme* theme, QWidget* parent)
    : QAbstractScrollArea(parent)
    , m_theme(theme)
{
    setFont(codeFont());
    setFocusPolicy(Qt::StrongFocus);
    setFrameShape(NoFrame);
    connect(theme, &Theme::changed, viewport(), qOverload<>(&QWidget::update));
}

void HexView::setBytes(const QByteArray& bytes)
{
    m_bytes = bytes;
    verticalScrollBar()->setValue(0);
    horizontalScrollBar()->setValue(0);
    fitScrollBars();
    viewport()->update();
}

QString HexView::lineText(qsizetype line) const
{
    const qsizetype from = line * bytesInLine;
    const QByteArrayView part =
        QByteArrayView(m_bytes).sliced(from, std::min(bytesInLine, m_bytes.size() - from));
    QString numbers;
    QString characters;
    for (qsizetype at = 0; at < part.size(); ++at) {
        const auto byte = static_cast<unsigned char>(part[at]);
        numbers += QStringLiteral("%1 ").arg(byte, 2, 16, QLatin1Char('0'));
        characters += byte >= 0x20 && byte < 0x7f ? QLatin1Char(part[at]) : QLatin1Char('.');
    }
    return QStringLiteral("%1  %2 %3")
        .arg(from, 8, 16, QLatin1Char('0'))
        .arg(numbers.leftJustified(bytesInLine * 3), characters);
}

int HexView::lineHeight() const
{
    return fontMetrics().height() + 3;
}

int HexView::visibleLines() const
{
    return std::max(1, (viewport()->height() - 2 * margin) / lineHeight());
}

void HexView::fitScrollBars()
{
    const int most = static_cast<int>(std::min<qsizetype>(lines(), std::numeric_limits<int>::max()));
    verticalScrollBar()->setRange(0, std::max(0, most - visibleLines()));
    verticalScrollBar()->setPageStep(visibleLines());
    const int width = fontMetrics().horizontalAdvance(QLatin1Char('0')) * lineLength + 2 * margin;
    horizontalScrollBar()->setRange(0, std::max(0, width - viewport()->width()));
    horizontalScrollBar()->setPageStep(viewport()->width());
}

void HexView::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    fitScrollBars();
}

void HexView::paintEvent(QPaintEvent*)
{
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), m_theme->color(Token::Code));
    const qsizetype first = verticalScrollBar()->value();
    const int left = margin - horizontalScrollBar()->value();
    const int width = fontMetrics().horizontalAdvance(QLatin1Char('0'));
    const int offsetWidth = 10 * width;
    for (qsizetype line = first; line < lines(); ++line) {
        const int top = margin + static_cast<int>(line - first) * lineHeight();
        if (top > viewport()->height())
            break;
        const QString text = lineText(line);
        painter.setPen(m_theme->color(Token::SecondaryText));
        painter.drawText(left, top + fontMetrics().ascent(), text.left(8));
        painter.setPen(m_theme->color(Token::Text));
        painter.drawText(left + offsetWidth, top + fontMetrics().ascent(), text.mid(10));
    }
    if (hasFocus()) {
        painter.setPen(m_theme->color(Token::Accent));
        painter.drawRect(viewport()->rect().adjusted(0, 0, -1, -1));
    }
}

void HexView::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy)) {
        QStringList shown;
        const qsizetype first = verticalScrollBar()->value();
        for (qsizetype line = first; line < std::min(lines(), first + visibleLines()); ++line)
            shown += lineText(line);
        QGuiApplication::clipboard()->setText(shown.join(QLatin1Char('\n')));
    } else if (event->matches(QKeySequence::MoveToStartOfLine)) {
        verticalScrollBar()->setValue(0);
    } else if (event->matches(QKeySequence::MoveToEndOfLine)) {
        verticalScrollBar()->setValue(verticalScrollBar()->maximum());
    } else {
        QAbstractScrollArea::keyPressEvent(event);
    }
}

} // namespace llmcache::ui
