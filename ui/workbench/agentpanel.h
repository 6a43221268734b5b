#pragma once

#include "workbench/agentlistmodel.h"

#include <QFrame>

class QLabel;
class QListView;
class QSortFilterProxyModel;

namespace llmcache::ui {

class SearchField;
class Theme;
class WaitingLine;

/// The list of agents at the left, with its filter and its actions. Knows nothing of the store.
class AgentPanel : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the panel.
    explicit AgentPanel(const Theme* theme, QWidget* parent = nullptr);
    AgentListModel* agents() const { return m_model; }
    QListView* view() const { return m_view; }
    SearchField* filter() const { return m_filter; }
    QString currentName() const;
    /// Says that the agents are still on their way.
    void setReading(bool on);
    /// Says that the agents of the workspace are not among these, since its store can't be reached.
    void setAway(bool on);
    /// Selects without emitting chosen().
    void select(const QString& name);

Q_SIGNALS:
    void chosen(const QString& name);
    void newRequested();
    void duplicateRequested(const QString& name);
    void deleteRequested(const QString& name);
    void importRequested();
    void exportRequested(const QString& name);
    void versionsRequested(const QString& name);

private:
    void showMenu(const QPoint& position);
    AgentListModel* m_model;
    QSortFilterProxyModel* m_proxy;
    SearchField* m_filter;
    QListView* m_view;
    WaitingLine* m_reading;
    QLabel* m_away;
    bool m_selecting = false;
};

} // namespace llmcache::ui
