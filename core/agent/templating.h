#pragma once

#include <QMap>
#include <QString>
#include <QStringList>

namespace llmcache {

using Variables = QMap<QString, QString>;

/// The names of `{{name}}` placeholders in order of first appearance. A name is a letter or underscore, then
/// letters, digits, underscores, dots or hyphens; spaces inside the braces are ignored; `\{{` is literal.
QStringList templateVariables(const QString& text);
/// Replaces each placeholder by its value; values are not expanded again. Throws ConfigurationError that
/// names a missing variable. Double braces around anything but a name (JSON, code) stay as they are.
QString renderTemplate(const QString& text, const Variables& variables);
/// The template that renders to `text`, whatever the variables: what looks like a placeholder is made
/// literal.
QString literalTemplate(const QString& text);

} // namespace llmcache
