#pragma once

#include "agent/agent.h"

#include <QAbstractListModel>
#include <QStyledItemDelegate>

namespace llmcache::ui {

class Theme;

/// The agents of a workspace, by name.
class AgentListModel : public QAbstractListModel {
    Q_OBJECT
public:
    static constexpr int modelRole = Qt::UserRole + 1; ///< `provider:model`
    static constexpr int tagsRole = Qt::UserRole + 2; ///< one text
    using QAbstractListModel::QAbstractListModel;

    void setAgents(std::vector<StoredAgent> agents);
    /// Adds it or replaces the one of the same name; returns its row.
    int put(const StoredAgent& agent);
    void remove(const QString& name);
    const StoredAgent* find(const QString& name) const;
    const StoredAgent& at(int row) const { return m_agents.at(static_cast<std::size_t>(row)); }
    int rowOf(const QString& name) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    std::vector<StoredAgent> m_agents;
};

/// Two lines: the name with its tags, and the model below it.
class AgentDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    /// `theme` must outlive the delegate.
    AgentDelegate(const Theme* theme, QObject* parent);
    void paint(
        QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    const Theme* m_theme;
};

} // namespace llmcache::ui
