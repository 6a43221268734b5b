#pragma once

#include "base/json.h"

#include <QAbstractItemModel>
#include <QTreeView>

#include <QHash>

#include <memory>

namespace llmcache::ui {

class Theme;

/// A JSON value as a tree of two columns, key and value. Items are made when they are looked at, a part at a
/// time, so that the size of the value does not matter. Read only; GUI thread.
class JsonTreeModel : public QAbstractItemModel {
    Q_OBJECT
public:
    enum Column { Key, Value, ColumnCount };
    /// QString: where the item is, such as "messages[2].content".
    static constexpr int pathRole = Qt::UserRole + 1;
    /// QString: its value; a text as it is, anything else as indented JSON.
    static constexpr int textRole = Qt::UserRole + 2;

    /// `theme` must outlive the model.
    explicit JsonTreeModel(const Theme* theme, QObject* parent = nullptr);
    ~JsonTreeModel() override;
    /// Null = nothing. The last holder of a large value may be the model, which then lets a worker free it.
    void setJson(std::shared_ptr<const Json> value);
    std::shared_ptr<const Json> json() const { return m_json; }
    /// What is wrong with parts of the value that is shown, by their address in it; until the next setJson().
    void setProblems(QHash<const Json*, QStringList> problems);
    /// The item of a part, fetched if need be; `path` leads to it from the value itself, which is not in it.
    QModelIndex find(const std::vector<const Json*>& path);

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    bool hasChildren(const QModelIndex& parent = {}) const override;
    bool canFetchMore(const QModelIndex& parent) const override;
    void fetchMore(const QModelIndex& parent) override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    /// Items of one object or array that fetchMore() brings.
    static constexpr int batch = 500;

private:
    struct Node;
    Node* nodeAt(const QModelIndex& index) const;
    static QString pathOf(const Node& node);

    const Theme* m_theme;
    std::shared_ptr<const Json> m_json;
    QHash<const Json*, QStringList> m_problems;
    std::unique_ptr<Node> m_root; ///< its only child is the value, where that is a plain one
};

/// The view for it: Ctrl+C copies the value, the menu also its path and key; the first levels of a small
/// value are open.
class JsonTreeView : public QTreeView {
    Q_OBJECT
public:
    explicit JsonTreeView(const Theme* theme, QWidget* parent = nullptr);
    void setJson(std::shared_ptr<const Json> value);
    JsonTreeModel* jsonModel() const { return m_model; }
    /// Opens what is around a part of the value, see JsonTreeModel::find().
    void reveal(const std::vector<const Json*>& path);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void copy(int role);
    JsonTreeModel* m_model;
};

} // namespace llmcache::ui
