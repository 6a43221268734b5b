#include "workbench/modeldelegate.h"

#include "theme/theme.h"

#include <QPainter>

namespace llmcache::ui {

ModelDelegate::ModelDelegate(const Theme* theme, QObject* parent)
    : QStyledItemDelegate(parent)
    , m_theme(theme)
{
}

void ModelDelegate::paint(
    QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyledItemDelegate::paint(painter, option, index);
    const QString facts = index.data(factsRole).toString();
    constexpr int margin = 8;
    const QRect area = option.rect.adjusted(margin, 0, -margin, 0);
    const int name = option.fontMetrics.horizontalAdvance(index.data().toString());
    painter->save();
    painter->setFont(textFont(TextSize::Small));
    // Where both do not fit, the name is what counts.
    if (name + margin * 2 + painter->fontMetrics().horizontalAdvance(facts) < area.width()) {
        painter->setPen(m_theme->color(Token::SecondaryText));
        painter->drawText(area, Qt::AlignRight | Qt::AlignVCenter, facts);
    }
    painter->restore();
}

} // namespace llmcache::ui
