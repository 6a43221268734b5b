#include "base/redact.h"

#include <QRegularExpression>

namespace llmcache {

QString redacted(const QString& text)
{
    // The last @ before a space or quote ends the user info: an unencoded one may be part of the password.
    static const QRegularExpression userInfo(QStringLiteral("([A-Za-z][A-Za-z0-9+.-]*://)[^\\s\"'<>]*@"));
    static const QRegularExpression parameter(
        QStringLiteral("([?&](?:[a-z_]*password|api[_-]?key|key|token)=)(?!/)[^\\s&\"'<>]+"),
        QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression bearer(QStringLiteral("\\b(Bearer|Basic)\\s+[A-Za-z0-9+/=._~-]{6,}"),
        QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression key(
        QStringLiteral("\\b(?:sk|pk|gsk|xai|hf|ghp|gho|github_pat|AKIA|AIza|nvapi|r8|csk|fw|tgp)[-_]?"
                       "[A-Za-z0-9_-]{12,}"));
    static const QRegularExpression field(
        QStringLiteral("((?:password|passwd|secret|api[_-]?key|authorization|token)[\"']?\\s*[:=]\\s*[\"']?)"
                       "[^\\s\"',}&]{3,}"),
        QRegularExpression::CaseInsensitiveOption);
    QString clean = text;
    clean.replace(userInfo, QStringLiteral("\\1***@"));
    clean.replace(parameter, QStringLiteral("\\1***"));
    clean.replace(bearer, QStringLiteral("\\1 ***"));
    clean.replace(key, QStringLiteral("***"));
    return clean.replace(field, QStringLiteral("\\1***"));
}

} // namespace llmcache
