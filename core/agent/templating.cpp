#include "agent/templating.h"

#include "base/error.h"

#include <functional>

namespace llmcache {

namespace {

bool isNameStart(QChar c)
{
    return c.isLetter() || c == QLatin1Char('_');
}
bool isNamePart(QChar c)
{
    return c.isLetterOrNumber() || c == QLatin1Char('_') || c == QLatin1Char('.') || c == QLatin1Char('-');
}

bool isName(QStringView text)
{
    return !text.isEmpty() && isNameStart(text.front()) && std::all_of(text.begin(), text.end(), isNamePart);
}

/// Walks the text; gives literal stretches, and placeholders with their names, in order.
void walk(const QString& text, const std::function<void(QStringView)>& onLiteral,
    const std::function<void(const QString& name, QStringView placeholder)>& onName)
{
    const QStringView view(text);
    const QLatin1String open("{{");
    const QLatin1String close("}}");
    qsizetype position = 0;
    while (position < view.size()) {
        const auto start = view.indexOf(open, position);
        if (start < 0) {
            onLiteral(view.mid(position));
            return;
        }
        if (start > position && view[start - 1] == QLatin1Char('\\')) {
            onLiteral(view.mid(position, start - 1 - position));
            onLiteral(view.mid(start, 2));
            position = start + 2;
            continue;
        }
        const auto end = view.indexOf(close, start + 2);
        const QStringView name = end < 0 ? QStringView() : view.mid(start + 2, end - start - 2).trimmed();
        if (!isName(name)) {
            // JSON and code in a prompt have double braces too; only a well-formed name is a placeholder.
            onLiteral(view.mid(position, start + 1 - position));
            position = start + 1;
            continue;
        }
        onLiteral(view.mid(position, start - position));
        onName(name.toString(), view.mid(start, end + 2 - start));
        position = end + 2;
    }
}

} // namespace

QStringList templateVariables(const QString& text)
{
    QStringList names;
    walk(
        text, [](QStringView) {},
        [&names](const QString& name, QStringView) {
            if (!names.contains(name))
                names.append(name);
        });
    return names;
}

QString renderTemplate(const QString& text, const Variables& variables)
{
    QString out;
    walk(
        text, [&out](QStringView literal) { out += literal; },
        [&](const QString& name, QStringView) {
            const auto it = variables.constFind(name);
            if (it == variables.cend())
                throw ConfigurationError(QStringLiteral("The variable {{%1}} has no value.").arg(name),
                    QStringLiteral(
                        "Give it one, on the command line with --var %1=…, or write \\{{%1}} for the "
                        "literal text.")
                        .arg(name));
            out += *it;
        });
    return out;
}

QString literalTemplate(const QString& text)
{
    QString out;
    walk(
        text,
        [&out](QStringView literal) {
            // walk() gives a pair of braces alone only where it takes a backslash away.
            if (literal == QLatin1String("{{"))
                out += QLatin1String("\\\\");
            out += literal;
        },
        [&out](const QString&, QStringView placeholder) {
            out += QLatin1Char('\\');
            out += placeholder;
        });
    return out;
}

} // namespace llmcache
