#pragma once

#include <QSize>

#include <functional>

class QString;
class QWidget;

namespace llmcache::ui {
class MainWindow;
class Theme;
} // namespace llmcache::ui

namespace llmcache::screenshots {

/// Keeps some connections in a data folder.
void keepSampleConnections(const QString& folder);
/// What somebody sees who is here for the first time, on windows and folders of their own: the welcome, a
/// connection whose test fails, no keychain to put a password or key into, a store that is down. `settle`
/// waits until a window has nothing under way, `take` draws it.
void takeFirstStates(ui::Theme& theme, const QSize& size,
    const std::function<void(const ui::MainWindow& window)>& settle,
    const std::function<void(const QString& name, QWidget* window)>& take);

} // namespace llmcache::screenshots
