#pragma once

#include "workbench.h"

#include <functional>

namespace llmcache::screenshots {

/// Brings the Workbench into one state after another (an explanation, a comparison, the history, the versions
/// of an agent, runs under way, violations, the parts of the form, a conflict, a failure) and calls `take`
/// for each with its name and the window to be drawn. `settle` lets the window load and paint. Leaves it as
/// it was.
void takeWorkbenchStates(app::Workbench& workbench, const std::function<void()>& settle,
    const std::function<void(const QString& name, QWidget* window)>& take);

/// Runs the event loop for a short while, where waiting for everything to end would take too long.
void glance();

} // namespace llmcache::screenshots
