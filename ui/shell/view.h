#pragma once

#include <QList>
#include <QWidget>

class QAction;
class QSplitter;

namespace llmcache::ui {

/// One of the pages behind the rail. The main window owns it after addView().
class View : public QWidget {
    Q_OBJECT
public:
    using QWidget::QWidget;

    /// For the window title and the palette ("Cache").
    virtual QString title() const = 0;
    /// What the top bar shows while this view is current: title and controls in a row, 28 px high, with a
    /// stretch where it may shrink. Called once, by addView(); the window owns it then. Null = the title.
    virtual QWidget* createHeader() { return nullptr; }
    /// The view became the current one (again): focus something useful, load what is not there yet.
    virtual void activate() { }
    /// Parts of the view that F6 goes through, in order; each takes the focus or hands it to a child.
    virtual QList<QWidget*> panes() { return {this}; }
    /// Commands for the command palette and their shortcuts; they belong to the view.
    virtual QList<QAction*> commands() { return {}; }
    /// Called once before the window closes: stop what is running. The view may still be asked to paint.
    virtual void stopTasks() { }
    /// Coroutines that this view started and that have not ended (sum of its TaskScope::active()).
    virtual int activeTasks() const { return 0; }
    /// Splitters whose state the window remembers, each with an object name that is unique in the view.
    /// The default finds them all.
    virtual QList<QSplitter*> splitters();

Q_SIGNALS:
    /// activeTasks() may have changed.
    void activeTasksChanged();
};

} // namespace llmcache::ui
