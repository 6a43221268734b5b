#include "workbench/violationmarks.h"

#include "theme/theme.h"
#include "widgets/codeedit.h"

#include <QTextBlock>

namespace llmcache::ui {

namespace {

/// Lines that a value takes up.
int linesOf(const Json& value)
{
    if (!value.is_structured() || value.empty())
        return 1;
    int lines = 2;
    for (const Json& child : value)
        lines += linesOf(child);
    return lines;
}

} // namespace

int lineOfPointer(const Json& value, const QString& pointer)
{
    int line = 0;
    const Json* current = &value;
    const QStringList parts = pointer.split(QLatin1Char('/'), Qt::SkipEmptyParts);
    for (const QString& part : parts) {
        if (!current->is_structured())
            break;
        int inside = 1; // the line of the bracket
        const Json* found = nullptr;
        const std::string key = toUtf8(part);
        std::size_t position = 0;
        for (auto it = current->begin(); it != current->end(); ++it, ++position) {
            const bool isIt = current->is_object() ? it.key() == key : std::to_string(position) == key;
            if (isIt) {
                found = &*it;
                break;
            }
            inside += linesOf(*it);
        }
        if (!found)
            break;
        line += inside;
        current = found;
    }
    return line;
}

void markViolations(CodeEdit* editor, const Json& value, const QStringList& violations, const Theme& theme)
{
    QMap<int, QStringList> byLine;
    for (const QString& violation : violations)
        byLine[lineOfPointer(value, violation.section(QStringLiteral(": "), 0, 0))].append(violation);
    QList<QTextEdit::ExtraSelection> marks;
    for (auto it = byLine.cbegin(); it != byLine.cend(); ++it) {
        QTextEdit::ExtraSelection mark;
        mark.cursor = QTextCursor(editor->document()->findBlockByNumber(it.key()));
        mark.format.setBackground(theme.color(Token::ErrorBackground));
        mark.format.setProperty(QTextFormat::FullWidthSelection, true);
        mark.format.setToolTip(it.value().join(QLatin1Char('\n')));
        marks.append(mark);
    }
    editor->setExtraSelections(marks);
    if (!marks.isEmpty()) {
        editor->setTextCursor(marks.front().cursor);
        editor->ensureCursorVisible();
    }
}

} // namespace llmcache::ui
