#include "widgets/jsontree.h"

#include "theme/theme.h"
#include "widgets/format.h"
#include "widgets/releaseonworker.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>

namespace llmcache::ui {

namespace {

constexpr std::size_t longestShown = 300; ///< bytes of a text in its cell
constexpr qsizetype longestToolTip = 2'000;

std::size_t childCount(const Json& value)
{
    return value.is_structured() ? value.size() : 0;
}

QString shortText(const Json& value)
{
    switch (value.type()) {
    case Json::value_t::object:
        return format::counted(
            static_cast<qint64>(value.size()), JsonTreeModel::tr("member"), JsonTreeModel::tr("members"));
    case Json::value_t::array:
        return format::counted(
            static_cast<qint64>(value.size()), JsonTreeModel::tr("item"), JsonTreeModel::tr("items"));
    case Json::value_t::string: {
        const auto& text = value.get_ref<const std::string&>();
        std::size_t length = std::min(text.size(), longestShown);
        while (
            length < text.size() && length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U)
            --length; // not within a character
        const QString shown = toQString(text.substr(0, length)).replace(u'\n', QChar(0x21B5));
        return length < text.size() ? shown + QChar(0x2026) : shown;
    }
    default:
        return QString::fromUtf8(toJsonText(value));
    }
}

QString typeName(const Json& value)
{
    switch (value.type()) {
    case Json::value_t::object:
        return JsonTreeModel::tr("object");
    case Json::value_t::array:
        return JsonTreeModel::tr("array");
    case Json::value_t::string:
        return JsonTreeModel::tr("text");
    case Json::value_t::boolean:
        return JsonTreeModel::tr("true or false");
    case Json::value_t::null:
        return JsonTreeModel::tr("null");
    case Json::value_t::number_float:
        return JsonTreeModel::tr("number");
    default:
        return JsonTreeModel::tr("integer");
    }
}

} // namespace

struct JsonTreeModel::Node {
    const Json* value = nullptr;
    Node* parent = nullptr;
    int row = 0;
    QString key; ///< of a member; empty for items
    bool isMember = false;
    std::vector<std::unique_ptr<Node>> children; ///< those fetched so far

    std::size_t total() const { return childCount(*value); }
};

JsonTreeModel::JsonTreeModel(const Theme* theme, QObject* parent)
    : QAbstractItemModel(parent)
    , m_theme(theme)
{
}

JsonTreeModel::~JsonTreeModel()
{
    setJson(nullptr);
}

void JsonTreeModel::setJson(std::shared_ptr<const Json> value)
{
    beginResetModel();
    m_root.reset();
    m_problems.clear();
    releaseOnWorker(std::exchange(m_json, std::move(value)));
    if (m_json) {
        m_root = std::make_unique<Node>();
        m_root->value = m_json.get();
        if (!m_json->is_structured()) {
            auto only = std::make_unique<Node>();
            only->value = m_json.get();
            only->parent = m_root.get();
            m_root->children.push_back(std::move(only));
        }
    }
    endResetModel();
}

void JsonTreeModel::setProblems(QHash<const Json*, QStringList> problems)
{
    Q_EMIT layoutAboutToBeChanged();
    m_problems = std::move(problems);
    Q_EMIT layoutChanged();
}

QModelIndex JsonTreeModel::find(const std::vector<const Json*>& path)
{
    QModelIndex at;
    if (path.empty() && m_json && !m_json->is_structured())
        return index(0, 0);
    for (const Json* const part : path) {
        QModelIndex next;
        for (int row = 0; !next.isValid(); ++row) {
            if (row == rowCount(at) && canFetchMore(at))
                fetchMore(at);
            if (row == rowCount(at))
                return at;
            if (nodeAt(index(row, 0, at))->value == part)
                next = index(row, 0, at);
        }
        at = next;
    }
    return at;
}

JsonTreeModel::Node* JsonTreeModel::nodeAt(const QModelIndex& index) const
{
    return index.isValid() ? static_cast<Node*>(index.internalPointer()) : m_root.get();
}

QModelIndex JsonTreeModel::index(int row, int column, const QModelIndex& parent) const
{
    const Node* const node = nodeAt(parent);
    if (!node || row < 0 || row >= std::ssize(node->children) || column < 0 || column >= ColumnCount)
        return {};
    return createIndex(row, column, node->children[static_cast<std::size_t>(row)].get());
}

QModelIndex JsonTreeModel::parent(const QModelIndex& child) const
{
    const Node* const node = child.isValid() ? nodeAt(child)->parent : nullptr;
    return node && node != m_root.get() ? createIndex(node->row, 0, node) : QModelIndex();
}

int JsonTreeModel::rowCount(const QModelIndex& parent) const
{
    const Node* const node = parent.column() > 0 ? nullptr : nodeAt(parent);
    return node ? static_cast<int>(node->children.size()) : 0;
}

int JsonTreeModel::columnCount(const QModelIndex&) const
{
    return ColumnCount;
}

bool JsonTreeModel::hasChildren(const QModelIndex& parent) const
{
    const Node* const node = parent.column() > 0 ? nullptr : nodeAt(parent);
    return node && (node->total() > 0 || !node->children.empty());
}

bool JsonTreeModel::canFetchMore(const QModelIndex& parent) const
{
    const Node* const node = parent.column() > 0 ? nullptr : nodeAt(parent);
    return node && node->children.size() < node->total();
}

void JsonTreeModel::fetchMore(const QModelIndex& parent)
{
    if (!canFetchMore(parent))
        return;
    Node* const node = nodeAt(parent);
    const std::size_t from = node->children.size();
    const std::size_t to = std::min(node->total(), from + batch);
    beginInsertRows(parent, static_cast<int>(from), static_cast<int>(to) - 1);
    for (std::size_t at = from; at < to; ++at) {
        auto child = std::make_unique<Node>();
        child->parent = node;
        child->row = static_cast<int>(at);
        if (node->value->is_object()) {
            const auto& member =
                *(node->value->get_ref<const Json::object_t&>().begin() + static_cast<std::ptrdiff_t>(at));
            child->key = toQString(member.first);
            child->isMember = true;
            child->value = &member.second;
        } else {
            child->value = &(*node->value)[at];
        }
        node->children.push_back(std::move(child));
    }
    endInsertRows();
}

QString JsonTreeModel::pathOf(const Node& node)
{
    QStringList parts;
    for (const Node* at = &node; at->parent; at = at->parent) {
        if (!at->isMember)
            parts.prepend(QStringLiteral("[%1]").arg(at->row));
        else
            parts.prepend(at->parent->parent ? QLatin1Char('.') + at->key : at->key);
    }
    return parts.join(QString());
}

QVariant JsonTreeModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Node& node = *nodeAt(index);
    const bool plain = node.parent == m_root.get() && node.value == m_json.get();
    switch (role) {
    case Qt::DisplayRole:
        if (index.column() == Value)
            return shortText(*node.value);
        return plain ? tr("value") : node.isMember ? node.key : QString::number(node.row);
    case Qt::ToolTipRole: {
        // A tooltip would read the texts of others as rich text.
        const QString text =
            node.value->is_string() ? toQString(node.value->get_ref<const std::string&>()) : QString();
        QString problems;
        for (const QString& problem : m_problems.value(node.value))
            problems += QStringLiteral("<p>✕ %1</p>").arg(problem.toHtmlEscaped());
        return problems
            + QStringLiteral("<p><b>%1</b> · %2</p><p style=\"white-space:pre-wrap\">%3</p>")
                  .arg(pathOf(node).toHtmlEscaped(), typeName(*node.value),
                      text.left(longestToolTip).toHtmlEscaped());
    }
    case Qt::BackgroundRole:
        return m_problems.contains(node.value) ? QVariant(m_theme->color(Token::ErrorBackground))
                                               : QVariant();
    case Qt::ForegroundRole:
        if (m_problems.contains(node.value))
            return m_theme->color(Token::Error);
        if (index.column() == Key)
            return m_theme->color(node.isMember ? Token::SyntaxKey : Token::SecondaryText);
        if (node.value->is_structured())
            return m_theme->color(Token::SecondaryText);
        return m_theme->color(node.value->is_string() ? Token::SyntaxString : Token::SyntaxNumber);
    case Qt::AccessibleTextRole:
        return (
            QStringList{
                QStringLiteral("%1: %2, %3").arg(pathOf(node), shortText(*node.value), typeName(*node.value))}
            + m_problems.value(node.value))
            .join(QStringLiteral(", "));
    case pathRole:
        return plain ? QString() : pathOf(node);
    case textRole:
        return node.value->is_string() ? toQString(node.value->get_ref<const std::string&>())
                                       : QString::fromUtf8(toPrettyJsonText(*node.value));
    default:
        return {};
    }
}

QVariant JsonTreeModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    return section == Key ? tr("Key") : tr("Value");
}

JsonTreeView::JsonTreeView(const Theme* theme, QWidget* parent)
    : QTreeView(parent)
    , m_model(new JsonTreeModel(theme, this))
{
    setModel(m_model);
    setFont(codeFont());
    setHeaderHidden(true);
    setUniformRowHeights(true);
    setTabKeyNavigation(false);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollMode(ScrollPerPixel);
    setSelectionBehavior(SelectRows);
    setIndentation(16);
    header()->setSectionResizeMode(JsonTreeModel::Key, QHeaderView::Interactive);
    header()->setStretchLastSection(true);
    setContextMenuPolicy(Qt::ActionsContextMenu);
    const auto addCopy = [this](const QString& text, int role) {
        auto* action = new QAction(text, this);
        connect(action, &QAction::triggered, this, [this, role] { copy(role); });
        addAction(action);
    };
    addCopy(tr("Copy value"), JsonTreeModel::textRole);
    addCopy(tr("Copy path"), JsonTreeModel::pathRole);
    connect(theme, &Theme::changed, viewport(), qOverload<>(&QWidget::update));
}

void JsonTreeView::setJson(std::shared_ptr<const Json> value)
{
    constexpr std::size_t small = 40;
    constexpr int leastKey = 120;
    const bool opens = value && childCount(*value) <= small;
    m_model->setJson(std::move(value));
    m_model->fetchMore({});
    if (opens)
        expandToDepth(0);
    resizeColumnToContents(JsonTreeModel::Key);
    setColumnWidth(JsonTreeModel::Key, std::clamp(columnWidth(JsonTreeModel::Key), leastKey, 2 * leastKey));
}

void JsonTreeView::reveal(const std::vector<const Json*>& path)
{
    const QModelIndex found = m_model->find(path);
    for (QModelIndex around = found.parent(); around.isValid(); around = around.parent())
        expand(around);
    scrollTo(found);
}

void JsonTreeView::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy))
        copy(JsonTreeModel::textRole);
    else
        QTreeView::keyPressEvent(event);
}

void JsonTreeView::copy(int role)
{
    if (currentIndex().isValid())
        QGuiApplication::clipboard()->setText(currentIndex().data(role).toString());
}

} // namespace llmcache::ui
