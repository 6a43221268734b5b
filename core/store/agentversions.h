#pragma once

#include "store/store.h"

namespace llmcache {

/// How many saves of an agent a store keeps.
inline constexpr qint64 mostAgentVersions = 100;

/// The name under which Store::loadAgent() has a save of an agent, also when that was replaced since. No
/// agent may be called so, and listings leave these out.
QString agentVersionName(const QString& name, qint64 revision);
bool isAgentVersionName(const QString& name);

/// The saves of an agent from revision `newest` down, as far as they are kept. Errors as Store; those that
/// can't be read are left out. `store` must outlive the task.
QCoro::Task<std::vector<StoredAgent>> agentVersions(Store* store, QString name, qint64 newest);

} // namespace llmcache
