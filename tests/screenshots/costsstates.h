#pragma once

#include <functional>

class QSize;
class QString;
class QWidget;

namespace llmcache {
namespace ui {
class Theme;
}
} // namespace llmcache

namespace llmcache::screenshots {

/// Shows the Costs view over ledgers of its own, in one state after the other, in windows of that size;
/// `save` draws one.
void takeCostsStates(const ui::Theme& theme, const QSize& size,
    const std::function<void(const QString& name, QWidget* window)>& save);

} // namespace llmcache::screenshots
