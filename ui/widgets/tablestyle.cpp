#include "widgets/tablestyle.h"

#include "theme/theme.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QTableView>
#include <QToolTip>

#include <cmath>

namespace llmcache::ui {

namespace {

constexpr int padding = 10;
constexpr int arrowSpace = 13;

void applyRowHeight(QTableView* view, const Theme* theme)
{
    view->verticalHeader()->setMinimumSectionSize(theme->rowHeight());
    view->verticalHeader()->setDefaultSectionSize(theme->rowHeight());
    view->horizontalHeader()->setFixedHeight(theme->rowHeight() + 1);
}

} // namespace

TableDelegate::TableDelegate(const Theme* theme, QTableView* view)
    : QStyledItemDelegate(view)
    , m_theme(theme)
    , m_view(view)
    , m_viewport(view->viewport())
    , m_texts(textFont())
{
    view->setMouseTracking(true);
    m_viewport->installEventFilter(this);
}

void TableDelegate::setHoveredRow(int row)
{
    if (row == m_hoveredRow)
        return;
    m_hoveredRow = row;
    m_viewport->update();
}

bool TableDelegate::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_viewport) {
        if (event->type() == QEvent::MouseMove)
            setHoveredRow(m_view->rowAt(static_cast<QMouseEvent*>(event)->pos().y()));
        else if (event->type() == QEvent::Leave)
            setHoveredRow(-1);
        // The viewport is no editor: the base class must not see its key events.
        return false;
    }
    return QStyledItemDelegate::eventFilter(watched, event);
}

void TableDelegate::paint(
    QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    painter->save();
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    if (selected)
        painter->fillRect(option.rect, m_theme->color(Token::Selection));
    else if (index.row() == m_hoveredRow)
        painter->fillRect(option.rect, m_theme->color(Token::Hover));
    painter->fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1),
        m_theme->color(Token::FaintLine));
    if (m_view->hasFocus() && index.row() == m_view->currentIndex().row()
        && m_view->visualRect(index).left() <= 0)
        painter->fillRect(QRect(option.rect.left(), option.rect.top(), 2, option.rect.height()),
            m_theme->color(Token::Accent));

    const QRect area = option.rect.adjusted(padding, 0, -padding, -1);
    if (index.data(skeletonRole).toBool()) {
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        painter->setBrush(m_theme->color(Token::Skeleton));
        // Different widths by row, so that it reads as text to come.
        const int width = area.width() * (5 + index.row() * 7 % 4) / 10;
        painter->drawRoundedRect(QRect(area.x(), area.center().y() - 4, width, 9), 3, 3);
        painter->restore();
        return;
    }
    const QString text = displayText(index.data(Qt::DisplayRole), option.locale);
    const QVariant badge = index.data(badgeKindRole);
    if (badge.isValid()) {
        paintBadge(painter, area, *m_theme, {static_cast<BadgeKind>(badge.toInt()), text});
        painter->restore();
        return;
    }
    const QVariant token = index.data(tokenRole);
    painter->setPen(m_theme->color(token.isValid() ? static_cast<Token>(token.toInt())
            : index.data(secondaryRole).toBool()   ? Token::SecondaryText
                                                   : Token::Text));
    Qt::Alignment alignment = Qt::AlignLeft;
    const QVariant alignmentData = index.data(Qt::TextAlignmentRole);
    if (alignmentData.isValid())
        alignment = Qt::Alignment(alignmentData.toInt());
    const bool elideMiddle = index.data(elideMiddleRole).toBool();
    const QVariant fontData = index.data(Qt::FontRole);
    if (fontData.isValid()) {
        const auto font = qvariant_cast<QFont>(fontData);
        painter->setFont(font);
        painter->drawText(area, static_cast<int>(alignment | Qt::AlignVCenter | Qt::TextSingleLine),
            QFontMetrics(font).elidedText(
                text, elideMiddle ? Qt::ElideMiddle : Qt::ElideRight, area.width()));
    } else if (area.width() > 0) {
        painter->setFont(m_texts.font());
        const QStaticText& line = m_texts.line(text, area.width(), elideMiddle);
        const QSize size = line.size().toSize();
        painter->drawStaticText(
            QStyle::alignedRect(Qt::LeftToRight, alignment | Qt::AlignVCenter, size, area).topLeft(), line);
    }
    painter->restore();
}

QSize TableDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const
{
    const QVariant fontData = index.data(Qt::FontRole);
    // Fractions of pixels count where a text just fits.
    const QFontMetricsF metrics(fontData.isValid() ? qvariant_cast<QFont>(fontData) : textFont());
    const QString text = index.data(Qt::DisplayRole).toString();
    const int extra = index.data(badgeKindRole).isValid() ? 14 : 0;
    return {static_cast<int>(std::ceil(metrics.horizontalAdvance(text))) + 2 * padding + extra,
        m_theme->rowHeight()};
}

bool TableDelegate::helpEvent(
    QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem& option, const QModelIndex& index)
{
    if (event->type() == QEvent::ToolTip && index.isValid() && !index.data(Qt::ToolTipRole).isValid()) {
        const QString text = displayText(index.data(Qt::DisplayRole), option.locale);
        const bool elided = sizeHint(option, index).width() > option.rect.width();
        QToolTip::showText(event->globalPos(),
            elided ? QStringLiteral("<p style='white-space:pre-wrap'>%1</p>").arg(text.toHtmlEscaped())
                   : QString(),
            view);
        return true;
    }
    return QStyledItemDelegate::helpEvent(event, view, option, index);
}

TableHeader::TableHeader(const Theme* theme, QWidget* parent)
    : QHeaderView(Qt::Horizontal, parent)
    , m_theme(theme)
{
    setFont(textFont(TextSize::Small, QFont::Medium));
    setHighlightSections(false);
    setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    setMinimumSectionSize(40);
    setStretchLastSection(false);
    setSectionsMovable(true);
    setAttribute(Qt::WA_Hover);
}

QSize TableHeader::sectionSizeFromContents(int logicalIndex) const
{
    const QString text = model()->headerData(logicalIndex, Qt::Horizontal).toString();
    return {fontMetrics().horizontalAdvance(text) + 2 * padding + arrowSpace, m_theme->rowHeight()};
}

void TableHeader::paintEvent(QPaintEvent* event)
{
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), m_theme->color(Token::Panel));
    painter.fillRect(QRect(0, height() - 1, width(), 1), m_theme->color(Token::Line));
    painter.end();
    QHeaderView::paintEvent(event);
}

void TableHeader::paintSection(QPainter* painter, const QRect& rect, int logicalIndex) const
{
    const QVariant alignmentData = model()->headerData(logicalIndex, Qt::Horizontal, Qt::TextAlignmentRole);
    const Qt::Alignment alignment =
        alignmentData.isValid() ? Qt::Alignment(alignmentData.toInt()) : defaultAlignment();
    const bool sorted = isSortIndicatorShown() && sortIndicatorSection() == logicalIndex;
    const bool hovered = sectionsClickable() && rect.contains(viewport()->mapFromGlobal(QCursor::pos()));
    const QRect area = rect.adjusted(padding, 0, -padding, -1);
    const QString text = model()->headerData(logicalIndex, Qt::Horizontal).toString();
    const int room = area.width() - (sorted ? arrowSpace : 0);
    const QString shown = fontMetrics().elidedText(text, Qt::ElideRight, room);
    const int width = fontMetrics().horizontalAdvance(shown) + (sorted ? arrowSpace : 0);
    int left = area.left();
    if (alignment.testFlag(Qt::AlignRight))
        left = area.right() + 1 - width;
    else if (alignment.testFlag(Qt::AlignHCenter))
        left += (area.width() - width) / 2;
    painter->save();
    const QColor color = m_theme->color(hovered || sorted ? Token::Text : Token::SecondaryText);
    painter->setPen(color);
    painter->setFont(font());
    painter->drawText(QRect(left, area.top(), width, area.height()), Qt::AlignLeft | Qt::AlignVCenter, shown);
    if (sorted) {
        const qreal x = left + width - 5;
        const qreal y = area.center().y() + 1;
        const qreal tip = sortIndicatorOrder() == Qt::DescendingOrder ? 2.5 : -2.5;
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        painter->setBrush(color);
        painter->drawPolygon(
            QPolygonF({QPointF(x - 4, y - tip), QPointF(x + 4, y - tip), QPointF(x, y + tip)}));
    }
    painter->restore();
}

void setUpTable(QTableView* view, const Theme* theme)
{
    auto* header = new TableHeader(theme, view);
    view->setHorizontalHeader(header);
    header->setSectionsClickable(true);
    view->setItemDelegate(new TableDelegate(theme, view));
    view->setFrameShape(QFrame::NoFrame);
    view->setShowGrid(false);
    view->setWordWrap(false);
    view->setSelectionBehavior(QAbstractItemView::SelectRows);
    view->setSelectionMode(QAbstractItemView::ExtendedSelection);
    view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view->setTabKeyNavigation(false);
    view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    view->setCornerButtonEnabled(false);
    view->verticalHeader()->hide();
    view->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    applyRowHeight(view, theme);
    QObject::connect(theme, &Theme::changed, view, [view, theme] { applyRowHeight(view, theme); });
}

void fitColumns(QTableView* view, int first, int least)
{
    const QAbstractItemModel* model = view->model();
    constexpr int mostRows = 200;
    const int rows = std::min(model->rowCount(), mostRows);
    const QStyleOptionViewItem option;
    for (int column = first; column < model->columnCount(); ++column) {
        int width = std::max(least, view->horizontalHeader()->sectionSizeHint(column));
        for (int row = 0; row < rows; ++row)
            width =
                std::max(width, view->itemDelegate()->sizeHint(option, model->index(row, column)).width());
        view->setColumnWidth(column, width);
    }
}

} // namespace llmcache::ui
