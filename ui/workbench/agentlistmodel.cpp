#include "workbench/agentlistmodel.h"

#include "theme/theme.h"

#include <QPainter>

#include <algorithm>

namespace llmcache::ui {

namespace {

bool before(const StoredAgent& left, const StoredAgent& right)
{
    return QString::localeAwareCompare(left.agent.name, right.agent.name) < 0;
}

} // namespace

void AgentListModel::setAgents(std::vector<StoredAgent> agents)
{
    std::sort(agents.begin(), agents.end(), before);
    beginResetModel();
    m_agents = std::move(agents);
    endResetModel();
}

int AgentListModel::rowOf(const QString& name) const
{
    for (std::size_t row = 0; row < m_agents.size(); ++row) {
        if (m_agents[row].agent.name == name)
            return static_cast<int>(row);
    }
    return -1;
}

const StoredAgent* AgentListModel::find(const QString& name) const
{
    const int row = rowOf(name);
    return row < 0 ? nullptr : &at(row);
}

int AgentListModel::put(const StoredAgent& agent)
{
    const int existing = rowOf(agent.agent.name);
    if (existing >= 0) {
        m_agents[static_cast<std::size_t>(existing)] = agent;
        Q_EMIT dataChanged(index(existing), index(existing));
        return existing;
    }
    const auto place = std::upper_bound(m_agents.begin(), m_agents.end(), agent, before);
    const int row = static_cast<int>(place - m_agents.begin());
    beginInsertRows({}, row, row);
    m_agents.insert(place, agent);
    endInsertRows();
    return row;
}

void AgentListModel::remove(const QString& name)
{
    const int row = rowOf(name);
    if (row < 0)
        return;
    beginRemoveRows({}, row, row);
    m_agents.erase(m_agents.begin() + row);
    endRemoveRows();
}

int AgentListModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_agents.size());
}

QVariant AgentListModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Agent& agent = at(index.row()).agent;
    switch (role) {
    case Qt::DisplayRole:
        return agent.name;
    case modelRole:
        return agent.model;
    case tagsRole:
        return agent.tags.join(QStringLiteral(", "));
    case Qt::ToolTipRole:
        return agent.tags.isEmpty()
            ? QStringLiteral("%1\n%2").arg(agent.name, agent.model)
            : QStringLiteral("%1\n%2\n%3")
                  .arg(agent.name, agent.model, agent.tags.join(QStringLiteral(", ")));
    case Qt::AccessibleTextRole:
        return QStringLiteral("%1, %2").arg(agent.name, agent.model);
    default:
        return {};
    }
}

AgentDelegate::AgentDelegate(const Theme* theme, QObject* parent)
    : QStyledItemDelegate(parent)
    , m_theme(theme)
{
}

QSize AgentDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const
{
    constexpr int height = 50;
    return {option.rect.width(), height};
}

void AgentDelegate::paint(
    QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRectF box = QRectF(option.rect).adjusted(0.5, 1, -0.5, -1);
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    if (selected || option.state.testFlag(QStyle::State_MouseOver)) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(m_theme->color(selected ? Token::Selection : Token::Hover));
        painter->drawRoundedRect(box, 6, 6);
    }
    if (option.state.testFlag(QStyle::State_HasFocus)) {
        painter->setPen(QPen(m_theme->color(Token::Accent), 1));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(box, 6, 6);
    }
    const QRect text = option.rect.adjusted(12, 6, -10, -6);
    painter->setFont(textFont(TextSize::Body, QFont::Medium));
    painter->setPen(m_theme->color(Token::Text));
    painter->drawText(text, Qt::AlignTop | Qt::AlignLeft,
        painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, text.width()));
    const int nameWidth = painter->fontMetrics().horizontalAdvance(index.data().toString());
    painter->setFont(textFont(TextSize::Small));
    painter->setPen(m_theme->color(Token::SecondaryText));
    constexpr int space = 10;
    constexpr int leastTags = 30;
    const QRect tags = text.adjusted(nameWidth + space, 2, 0, 0);
    if (tags.width() > leastTags)
        painter->drawText(tags, Qt::AlignTop | Qt::AlignRight,
            painter->fontMetrics().elidedText(
                index.data(AgentListModel::tagsRole).toString(), Qt::ElideRight, tags.width()));
    painter->drawText(text, Qt::AlignBottom | Qt::AlignLeft,
        painter->fontMetrics().elidedText(
            index.data(AgentListModel::modelRole).toString(), Qt::ElideMiddle, text.width()));
    painter->restore();
}

} // namespace llmcache::ui
