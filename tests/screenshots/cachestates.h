#pragma once

#include <functional>

class QString;
class QWidget;

namespace llmcache {
class Session;
namespace ui {
class CacheView;
class Theme;
} // namespace ui
} // namespace llmcache

namespace llmcache::screenshots {

/// Brings the Cache view, which shows the sample data of that session, into one state after the other; `take`
/// lets it settle and draws its window, `takeDialog` another one.
void showCacheStates(const ui::Theme& theme, ui::CacheView& view, Session& session,
    const std::function<void(const QString& name)>& take,
    const std::function<void(const QString& name, QWidget* window)>& takeDialog);

} // namespace llmcache::screenshots
