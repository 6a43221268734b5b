#include "base/csv.h"

namespace llmcache {

QString csvField(const QString& text, bool isNumber)
{
    QString field = text;
    // The last four are the same signs in the width of Chinese and Japanese letters.
    static const QString formulaStarts = QStringLiteral("=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20");
    if (!isNumber && !field.isEmpty() && formulaStarts.contains(field.front()))
        field.prepend(QLatin1Char('\''));
    if (field.contains(QLatin1Char(',')) || field.contains(QLatin1Char('"'))
        || field.contains(QLatin1Char('\n')) || field.contains(QLatin1Char('\r')))
        field = QLatin1Char('"') + field.replace(QLatin1Char('"'), QLatin1String("\"\"")) + QLatin1Char('"');
    return field;
}

QString csvField(const QString& text)
{
    bool isNumber = false;
    text.toDouble(&isNumber);
    return csvField(text, isNumber);
}

QByteArray csvRecord(const QStringList& cells)
{
    QStringList fields;
    fields.reserve(cells.size());
    for (const QString& cell : cells)
        fields.append(csvField(cell));
    return fields.join(QLatin1Char(',')).toUtf8() + '\n';
}

} // namespace llmcache
