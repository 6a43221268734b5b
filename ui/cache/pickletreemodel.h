#pragma once

#include "interop/pickleoutline.h"

#include <QAbstractItemModel>

#include <memory>
#include <vector>

namespace llmcache::ui {

class Theme;

/// Where a value is in a pickle: the rows from the top of the tree down. Row 0 at the top is what the pickle
/// holds; others are objects that it makes and throws away.
using PicklePath = std::vector<qsizetype>;

/// Nothing where there is none.
std::optional<PickleValue> pickleValueAt(const PickleDocument& document, const PicklePath& path);
/// Whether a value is one that can be given another text. What is thrown away is not.
bool isEditableAt(const PickleValue& value, const PicklePath& path);

/// A pickle as a tree: name, value and type of everything in it. Items are made when they are looked at, a
/// part at a time, so that the size of the pickle does not matter. Read only; GUI thread.
class PickleTreeModel : public QAbstractItemModel {
    Q_OBJECT
public:
    enum Column { Name, Value, Type, ColumnCount };

    /// `theme` must outlive the model.
    explicit PickleTreeModel(const Theme* theme, QObject* parent = nullptr);
    ~PickleTreeModel() override;
    /// A null document = nothing. Where it has the same values at the same places but for their contents, as
    /// after an edit, items stay, and with them what is open and selected.
    void setDocument(const PickleDocument& document);
    const PickleDocument& document() const { return m_document; }

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    bool hasChildren(const QModelIndex& parent = {}) const override;
    bool canFetchMore(const QModelIndex& parent) const override;
    void fetchMore(const QModelIndex& parent) override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    PicklePath pathOf(const QModelIndex& index) const;
    /// Fetches what is on the way; invalid where there is no such place.
    QModelIndex indexOf(const PicklePath& path);
    /// "output.home.street", "output.others[0]".
    QString nameOf(const QModelIndex& index) const;
    PickleValue valueOf(const QModelIndex& index) const;

    /// Children of one value that fetchMore() brings.
    static constexpr int batch = 500;

private:
    struct Node;
    Node* nodeAt(const QModelIndex& index) const;
    void release();
    std::vector<PickleChild> topOf(const PickleDocument& document) const;
    /// The values of another document for the nodes fetched so far; null where they do not fit.
    std::unique_ptr<Node> copyFor(const Node& node, const PickleValue& value) const;
    QString nameText(const Node& node) const;
    QString toolTip(const Node& node) const;

    const Theme* m_theme;
    PickleDocument m_document;
    std::unique_ptr<Node> m_root;
};

} // namespace llmcache::ui
