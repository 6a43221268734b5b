#include "shell/panes.h"

#include <QApplication>
#include <QWidget>

namespace llmcache::ui {

bool focusPane(QWidget* pane)
{
    if (!pane->isVisible() || !pane->isEnabled())
        return false;
    const auto takesFocus = [](const QWidget* widget) {
        return widget->isVisible() && widget->isEnabled() && widget->focusPolicy() & Qt::TabFocus;
    };
    if (takesFocus(pane)) {
        pane->setFocus(Qt::TabFocusReason);
        return true;
    }
    // The chain of Tab, so that the first control is the first that a person sees.
    for (QWidget* widget = pane->nextInFocusChain(); widget && widget != pane;
         widget = widget->nextInFocusChain()) {
        if (pane->isAncestorOf(widget) && takesFocus(widget)) {
            widget->setFocus(Qt::TabFocusReason);
            return true;
        }
    }
    return false;
}

void focusNextPane(const QList<QWidget*>& panes, bool forward)
{
    const QWidget* focus = QApplication::focusWidget();
    const qsizetype count = panes.size();
    qsizetype current = -1;
    for (qsizetype i = 0; i < count; ++i) {
        if (focus && (panes.at(i) == focus || panes.at(i)->isAncestorOf(focus)))
            current = i;
    }
    for (qsizetype step = 1; step <= count; ++step) {
        const qsizetype from = current < 0 && !forward ? 0 : current;
        const qsizetype next = ((from + (forward ? step : -step)) % count + count) % count;
        if (focusPane(panes.at(next)))
            return;
    }
}

} // namespace llmcache::ui
