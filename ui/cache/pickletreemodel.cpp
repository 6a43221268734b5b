#include "cache/pickletreemodel.h"

#include "interop/pickleedit.h"
#include "theme/theme.h"
#include "widgets/releaseonworker.h"

namespace llmcache::ui {

namespace {

using Role = PickleChild::Role;

constexpr qsizetype longestShown = 300;
constexpr qsizetype longestToolTip = 2'000;

bool refersElsewhere(const PickleValue& value)
{
    return value.isReference() && !value.isAtom() && !value.is(PickleKind::Global);
}

} // namespace

std::optional<PickleValue> pickleValueAt(const PickleDocument& document, const PicklePath& path)
{
    if (document.isNull() || path.empty() || path.front() != 0)
        return std::nullopt;
    PickleValue value = document.root();
    for (auto row = std::next(path.begin()); row != path.end(); ++row) {
        const std::vector<PickleChild> child = pickleChildren(value, *row, 1);
        if (child.empty())
            return std::nullopt;
        value = child.front().value;
    }
    return value;
}

bool isEditableAt(const PickleValue& value, const PicklePath& path)
{
    return !path.empty() && path.front() == 0 && !value.isNull() && isEditableLeaf(value);
}

struct PickleTreeModel::Node {
    PickleChild child;
    Node* parent = nullptr;
    int row = 0;
    qsizetype total = 0; ///< of its children, fetched or not
    std::vector<std::unique_ptr<Node>> children; ///< those fetched so far

    static std::unique_ptr<Node> of(const PickleChild& child, Node* parent, int row)
    {
        auto node = std::make_unique<Node>();
        node->total = pickleChildCount(child.value);
        node->child = child;
        node->parent = parent;
        node->row = row;
        return node;
    }
};

PickleTreeModel::PickleTreeModel(const Theme* theme, QObject* parent)
    : QAbstractItemModel(parent)
    , m_theme(theme)
{
}

PickleTreeModel::~PickleTreeModel()
{
    release();
}

void PickleTreeModel::release()
{
    m_root.reset();
    if (!m_document.isNull())
        releaseOnWorker(std::make_shared<PickleDocument>(std::exchange(m_document, {})));
}

std::vector<PickleChild> PickleTreeModel::topOf(const PickleDocument& document) const
{
    std::vector<PickleChild> top;
    if (document.isNull())
        return top;
    top.push_back({Role::Item, 0, {}, document.root()});
    for (const PickleValue& value : document.discarded())
        top.push_back({Role::Item, static_cast<qsizetype>(top.size()), {}, value});
    return top;
}

std::unique_ptr<PickleTreeModel::Node> PickleTreeModel::copyFor(
    const Node& node, const PickleValue& value) const
{
    const bool isTop = !node.parent;
    const auto fetched = std::ssize(node.children);
    auto copy = std::make_unique<Node>();
    copy->total = isTop ? node.total : pickleChildCount(value);
    if (copy->total != node.total)
        return nullptr;
    const std::vector<PickleChild> children = isTop ? topOf(m_document) : pickleChildren(value, 0, fetched);
    for (qsizetype row = 0; row < fetched; ++row) {
        const Node& old = *node.children[static_cast<std::size_t>(row)];
        const PickleChild& child = children[static_cast<std::size_t>(row)];
        if (child.role != old.child.role || (!isTop && child.label() != nameText(old)))
            return nullptr;
        auto inner = copyFor(old, child.value);
        if (!inner)
            return nullptr;
        inner->child = child;
        inner->parent = copy.get();
        inner->row = static_cast<int>(row);
        copy->children.push_back(std::move(inner));
    }
    return copy;
}

void PickleTreeModel::setDocument(const PickleDocument& document)
{
    const PickleDocument before = std::exchange(m_document, document);
    const std::vector<PickleChild> top = topOf(document);
    if (m_root && m_root->total == std::ssize(top)) {
        if (std::unique_ptr<Node> same = copyFor(*m_root, {})) {
            // The nodes that indexes point to stay; what they show is another document's.
            const auto take = [](Node& node, Node& from, const auto& self) -> void {
                node.child = from.child;
                for (std::size_t row = 0; row < node.children.size(); ++row)
                    self(*node.children[row], *from.children[row], self);
            };
            take(*m_root, *same, take);
            const auto tell = [this](const QModelIndex& parent, const auto& self) -> void {
                const int rows = rowCount(parent);
                if (rows == 0)
                    return;
                Q_EMIT dataChanged(index(0, 0, parent), index(rows - 1, ColumnCount - 1, parent));
                for (int row = 0; row < rows; ++row)
                    self(index(row, 0, parent), self);
            };
            tell({}, tell);
            releaseOnWorker(std::make_shared<PickleDocument>(before));
            return;
        }
    }
    beginResetModel();
    m_root.reset();
    if (!document.isNull()) {
        m_root = std::make_unique<Node>();
        m_root->total = std::ssize(top);
        for (int row = 0; row < static_cast<int>(top.size()); ++row)
            m_root->children.push_back(Node::of(top[static_cast<std::size_t>(row)], m_root.get(), row));
    }
    endResetModel();
    releaseOnWorker(std::make_shared<PickleDocument>(before));
}

PickleTreeModel::Node* PickleTreeModel::nodeAt(const QModelIndex& index) const
{
    return index.isValid() ? static_cast<Node*>(index.internalPointer()) : m_root.get();
}

QModelIndex PickleTreeModel::index(int row, int column, const QModelIndex& parent) const
{
    const Node* const node = nodeAt(parent);
    if (!node || row < 0 || row >= std::ssize(node->children) || column < 0 || column >= ColumnCount)
        return {};
    return createIndex(row, column, node->children[static_cast<std::size_t>(row)].get());
}

QModelIndex PickleTreeModel::parent(const QModelIndex& child) const
{
    const Node* const node = child.isValid() ? nodeAt(child)->parent : nullptr;
    return node && node != m_root.get() ? createIndex(node->row, 0, node) : QModelIndex();
}

int PickleTreeModel::rowCount(const QModelIndex& parent) const
{
    const Node* const node = parent.column() > 0 ? nullptr : nodeAt(parent);
    return node ? static_cast<int>(node->children.size()) : 0;
}

int PickleTreeModel::columnCount(const QModelIndex&) const
{
    return ColumnCount;
}

bool PickleTreeModel::hasChildren(const QModelIndex& parent) const
{
    const Node* const node = parent.column() > 0 ? nullptr : nodeAt(parent);
    return node && node->total > 0;
}

bool PickleTreeModel::canFetchMore(const QModelIndex& parent) const
{
    const Node* const node = parent.column() > 0 ? nullptr : nodeAt(parent);
    return node && std::ssize(node->children) < node->total;
}

void PickleTreeModel::fetchMore(const QModelIndex& parent)
{
    if (!canFetchMore(parent))
        return;
    Node* const node = nodeAt(parent);
    const auto from = static_cast<int>(node->children.size());
    const std::vector<PickleChild> more = pickleChildren(node->child.value, from, batch);
    beginInsertRows(parent, from, from + static_cast<int>(more.size()) - 1);
    for (const PickleChild& child : more)
        node->children.push_back(Node::of(child, node, static_cast<int>(node->children.size())));
    endInsertRows();
}

QString PickleTreeModel::nameText(const Node& node) const
{
    if (node.parent != m_root.get())
        return node.child.label();
    return node.row == 0 ? tr("pickle") : tr("thrown away");
}

QString PickleTreeModel::nameOf(const QModelIndex& index) const
{
    const Node* node = nodeAt(index);
    if (!index.isValid() || node->parent == m_root.get())
        return node ? nameText(*node) : QString();
    QString name;
    for (; node->parent != m_root.get(); node = node->parent) {
        const bool isNamed = node->child.role == Role::Field || node->child.role == Role::Extra;
        const QString label = node->child.label();
        QString part = label;
        if (node->child.role == Role::Entry)
            part = QLatin1Char('[') + label + QLatin1Char(']');
        else if (node->child.role != Role::Item)
            part = (isNamed ? label : QLatin1Char('<') + label + QLatin1Char('>'));
        const bool isIndexed = part.startsWith(QLatin1Char('['));
        const bool isFirst = node->parent->parent == m_root.get();
        name.prepend(isIndexed || isFirst ? part : QLatin1Char('.') + part);
    }
    return name;
}

PickleValue PickleTreeModel::valueOf(const QModelIndex& index) const
{
    return index.isValid() ? nodeAt(index)->child.value : PickleValue();
}

PicklePath PickleTreeModel::pathOf(const QModelIndex& index) const
{
    PicklePath path;
    for (QModelIndex at = index; at.isValid(); at = at.parent())
        path.insert(path.begin(), at.row());
    return path;
}

QModelIndex PickleTreeModel::indexOf(const PicklePath& path)
{
    QModelIndex at;
    for (const qsizetype row : path) {
        while (row >= rowCount(at) && canFetchMore(at))
            fetchMore(at);
        at = index(static_cast<int>(row), 0, at);
        if (!at.isValid())
            break;
    }
    return at;
}

QString PickleTreeModel::toolTip(const Node& node) const
{
    const PickleValue& value = node.child.value;
    QString note;
    if (node.child.role == Role::Extra)
        note = tr("given beyond the fields of the model");
    else if (refersElsewhere(value))
        note = tr("the same object as at an earlier place");
    // A tooltip would read the texts of others as rich text.
    return QStringLiteral("<p><b>%1</b> · %2%3</p><p style=\"white-space:pre-wrap\">%4</p>")
        .arg(nameText(node).toHtmlEscaped(), pickleTypeText(value).toHtmlEscaped(),
            note.isEmpty() ? QString() : QStringLiteral("<br>") + note,
            pickleValueText(value, longestToolTip).toHtmlEscaped());
}

QVariant PickleTreeModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Node& node = *nodeAt(index);
    const PickleValue& value = node.child.value;
    switch (role) {
    case Qt::DisplayRole:
        if (index.column() == Name)
            return nameText(node);
        if (index.column() == Type)
            return pickleTypeText(value);
        return refersElsewhere(value) ? tr("%1, as above").arg(pickleValueText(value, longestShown))
                                      : pickleValueText(value, longestShown);
    case Qt::ToolTipRole:
        return toolTip(node);
    case Qt::ForegroundRole:
        if (index.column() == Type || (index.column() == Value && node.total > 0))
            return m_theme->color(Token::SecondaryText);
        if (index.column() == Name)
            return m_theme->color(node.child.key.isNull() ? Token::SecondaryText : Token::SyntaxKey);
        return m_theme->color(value.is(PickleKind::Str) ? Token::SyntaxString : Token::SyntaxNumber);
    case Qt::AccessibleTextRole:
        return QStringLiteral("%1: %2, %3")
            .arg(nameText(node), pickleValueText(value, longestShown), pickleTypeText(value));
    default:
        return {};
    }
}

QVariant PickleTreeModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    return section == Name ? tr("Name") : section == Value ? tr("Value") : tr("Type");
}

} // namespace llmcache::ui
