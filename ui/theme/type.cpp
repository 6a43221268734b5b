#include "theme/type.h"

#include <QFontDatabase>

namespace llmcache::ui {

namespace {

QString familyOr(const QString& wanted, const QString& fallback)
{
    return QFontDatabase::hasFamily(wanted) ? wanted : fallback;
}

} // namespace

QFont textFont(TextSize size, QFont::Weight weight)
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
    font.setFamily(familyOr(QStringLiteral("Inter"), font.family()));
    font.setPixelSize(static_cast<int>(size));
    font.setWeight(weight);
    return font;
}

QFont codeFont(int pixelSize)
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    font.setFamily(familyOr(QStringLiteral("JetBrains Mono"), font.family()));
    font.setStyleHint(QFont::Monospace);
    font.setPixelSize(pixelSize);
    return font;
}

} // namespace llmcache::ui
