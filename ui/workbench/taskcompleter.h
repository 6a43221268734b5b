#pragma once

#include <QStringList>

class QCompleter;
class QObject;

namespace llmcache::ui {

/// Completes a task name by any part of it, in either case.
QCompleter* completerOf(const QStringList& tasks, QObject* parent);

} // namespace llmcache::ui
