#pragma once

#include <functional>

class QString;
class QWidget;

namespace llmcache {
class Store;
namespace ui {
class CacheView;
}
} // namespace llmcache

namespace llmcache::screenshots {

/// Brings the Cache view, which shows the sample data in that store, into one state after the other; `take`
/// lets it settle and draws its window, `takeDialog` another one.
void showCacheStates(ui::CacheView& view, Store& store, const std::function<void(const QString& name)>& take,
    const std::function<void(const QString& name, QWidget* window)>& takeDialog);

} // namespace llmcache::screenshots
