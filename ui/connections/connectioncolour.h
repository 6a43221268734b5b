#pragma once

#include "theme/tokens.h"

#include <QIcon>

namespace llmcache::ui {

class Theme;

/// The colour that a connection is marked with, by its name in ConnectionProfile::colours().
Token connectionToken(const QString& colour);
/// "Blue", for people.
QString connectionColourText(const QString& colour);
/// A dot in that colour, for menus and lists.
QIcon connectionDot(const Theme& theme, const QString& colour);

} // namespace llmcache::ui
