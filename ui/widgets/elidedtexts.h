#pragma once

#include <QCache>
#include <QFont>
#include <QPair>
#include <QStaticText>

namespace llmcache::ui {

/// Lines of text that are laid out once and painted often: a table that is scrolled shows most of its cells
/// in the next frame again, and to lay a text out takes many times longer than to paint it. For one painting
/// thread.
class ElidedTexts {
public:
    explicit ElidedTexts(const QFont& font);

    const QFont& font() const { return m_font; }
    /// One line of plain text, cut with an ellipsis to that many pixels. Valid until the next call.
    const QStaticText& line(const QString& text, int width, bool elideMiddle);

private:
    static constexpr int mostLines = 4000; ///< some screens full
    QFont m_font;
    QCache<QPair<QString, int>, QStaticText> m_lines{mostLines};
};

} // namespace llmcache::ui
