#include "base/csv.h"

namespace llmcache {

QString csvField(const QString& text)
{
    QString field = text;
    static const QString formulaStarts = QStringLiteral("=+-@\t\r");
    bool number = false;
    field.toDouble(&number);
    if (!field.isEmpty() && !number && formulaStarts.contains(field.front()))
        field.prepend(QLatin1Char('\''));
    if (field.contains(QLatin1Char(',')) || field.contains(QLatin1Char('"'))
        || field.contains(QLatin1Char('\n')) || field.contains(QLatin1Char('\r')))
        field = QLatin1Char('"') + field.replace(QLatin1Char('"'), QLatin1String("\"\"")) + QLatin1Char('"');
    return field;
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
