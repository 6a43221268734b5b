#include "widgets/elidedtexts.h"

#include <QFontMetrics>

namespace llmcache::ui {

ElidedTexts::ElidedTexts(const QFont& font)
    : m_font(font)
{
}

const QStaticText& ElidedTexts::line(const QString& text, int width, bool elideMiddle)
{
    // What can't be in sight is not even looked up: letters are wider than two pixels.
    const QString begin = elideMiddle ? text : text.left(width / 2 + 1);
    const QPair<QString, int> key(begin, elideMiddle ? -width - 1 : width);
    if (const QStaticText* const known = m_lines.object(key))
        return *known;
    QString shown = begin;
    for (const QChar breaksLine :
        {QChar(u'\n'), QChar(QChar::LineSeparator), QChar(QChar::ParagraphSeparator)})
        shown.replace(breaksLine, QLatin1Char(' '));
    auto* const line = new QStaticText(
        QFontMetrics(m_font).elidedText(shown, elideMiddle ? Qt::ElideMiddle : Qt::ElideRight, width));
    line->setTextFormat(Qt::PlainText); // texts of entries may come from anybody
    line->prepare({}, m_font);
    m_lines.insert(key, line);
    return *line;
}

} // namespace llmcache::ui
