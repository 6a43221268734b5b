#pragma once

#include <functional>

class QString;

namespace llmcache::ui {
class CacheView;
}

namespace llmcache::screenshots {

/// Brings the Cache view, which shows the sample data, into one state after the other; `take` lets it settle
/// and draws it. Leaves it as it was.
void showCacheStates(ui::CacheView& view, const std::function<void(const QString& name)>& take);

} // namespace llmcache::screenshots
