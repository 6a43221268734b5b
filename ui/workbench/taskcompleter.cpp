#include "workbench/taskcompleter.h"

#include <QCompleter>

namespace llmcache::ui {

QCompleter* completerOf(const QStringList& tasks, QObject* parent)
{
    auto* const completer = new QCompleter(tasks, parent);
    completer->setFilterMode(Qt::MatchContains);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    return completer;
}

} // namespace llmcache::ui
