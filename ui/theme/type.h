#pragma once

#include <QFont>

namespace llmcache::ui {

/// The five sizes of the program, in device-independent pixels.
enum class TextSize { Small = 11, Body = 13, Large = 15, Title = 20, Display = 28 };

/// Inter where it is installed, else the system's font.
QFont textFont(TextSize size = TextSize::Body, QFont::Weight weight = QFont::Normal);
/// JetBrains Mono where it is installed, else the system's fixed font. Needs a QGuiApplication, as above.
QFont codeFont(int pixelSize = 12);

} // namespace llmcache::ui
