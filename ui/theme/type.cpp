#include "theme/type.h"

#include <QFontDatabase>

namespace llmcache::ui {

namespace {

/// Asking whether a family is installed takes longer than painting a cell in it, and tables ask for their
/// font with every cell: it is asked once.
QString familyOr(const QString& wanted, const QFont& fallback)
{
    return QFontDatabase::hasFamily(wanted) ? wanted : fallback.family();
}

} // namespace

QFont textFont(TextSize size, QFont::Weight weight)
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
    static const QString family = familyOr(QStringLiteral("Inter"), font);
    font.setFamily(family);
    font.setPixelSize(static_cast<int>(size));
    font.setWeight(weight);
    return font;
}

QFont codeFont(int pixelSize)
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    static const QString family = familyOr(QStringLiteral("JetBrains Mono"), font);
    font.setFamily(family);
    font.setStyleHint(QFont::Monospace);
    font.setPixelSize(pixelSize);
    return font;
}

} // namespace llmcache::ui
