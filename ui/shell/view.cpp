#include "shell/view.h"

#include <QSplitter>

namespace llmcache::ui {

QList<QSplitter*> View::splitters()
{
    QList<QSplitter*> named;
    for (QSplitter* splitter : findChildren<QSplitter*>()) {
        if (!splitter->objectName().isEmpty())
            named.append(splitter);
    }
    return named;
}

} // namespace llmcache::ui
