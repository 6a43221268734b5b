#include "workbench/violationmarks.h"

#include "theme/theme.h"
#include "widgets/codeedit.h"
#include "widgets/jsontree.h"

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

/// The keys of a JSON pointer (RFC 6901). The root is written "/" here, so one empty key alone is none.
QStringList keysOf(const QString& pointer)
{
    if (pointer.size() < 2)
        return {};
    QStringList keys = pointer.mid(1).split(QLatin1Char('/'));
    for (QString& key : keys)
        key.replace(QLatin1String("~1"), QLatin1String("/")).replace(QLatin1String("~0"), QLatin1String("~"));
    return keys;
}

/// Goes down to what is under `pointer`, or as far as there is something. Returns whether all of it is there.
bool follow(const Json& value, const QString& pointer, int* line, std::vector<const Json*>* path = nullptr)
{
    const Json* current = &value;
    const QStringList keys = keysOf(pointer);
    for (const QString& part : keys) {
        if (!current->is_structured())
            return false;
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
            return false;
        *line += inside;
        current = found;
        if (path)
            path->push_back(found);
    }
    return true;
}

} // namespace

int lineOfPointer(const Json& value, const QString& pointer)
{
    int line = 0;
    follow(value, pointer, &line);
    return line;
}

QString pointerOfViolation(const Json& value, const QString& violation)
{
    const QString separator = QStringLiteral(": ");
    QString pointer = violation.section(separator, 0, 0);
    // A key may have a colon in it: the longest one that is there.
    for (qsizetype at = violation.indexOf(separator); at >= 0; at = violation.indexOf(separator, at + 1)) {
        int line = 0;
        if (const QString longer = violation.left(at); follow(value, longer, &line))
            pointer = longer;
    }
    return pointer;
}

std::vector<const Json*> pathOfPointer(const Json& value, const QString& pointer)
{
    int line = 0;
    std::vector<const Json*> path;
    follow(value, pointer, &line, &path);
    return path;
}

void markViolations(JsonTreeView* tree, const Json& value, const QStringList& violations)
{
    QHash<const Json*, QStringList> problems;
    std::vector<std::vector<const Json*>> paths;
    for (const QString& violation : violations) {
        std::vector<const Json*> path = pathOfPointer(value, pointerOfViolation(value, violation));
        problems[path.empty() ? &value : path.back()].append(violation);
        paths.push_back(std::move(path));
    }
    tree->jsonModel()->setProblems(std::move(problems));
    // The first one last: that is where the view ends up.
    for (auto path = paths.rbegin(); path != paths.rend(); ++path)
        tree->reveal(*path);
}

void markViolations(CodeEdit* editor, const Json& value, const QStringList& violations, const Theme& theme)
{
    QMap<int, QStringList> byLine;
    for (const QString& violation : violations)
        byLine[lineOfPointer(value, pointerOfViolation(value, violation))].append(violation);
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
