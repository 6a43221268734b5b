#include "costs/choicepopup.h"

#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/searchfield.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QScreen>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace llmcache::ui {

ChoicePopup::ChoicePopup(const Theme* theme, const QString& placeholder, bool checks, QWidget* parent)
    : QFrame(parent, Qt::Popup)
    , m_search(new SearchField(theme, placeholder))
    , m_list(new QTreeWidget)
    , m_message(makeLabel({}, Tone::Secondary))
    , m_checks(checks)
{
    setProperty("surface", QStringLiteral("panel"));
    setFrameShape(QFrame::StyledPanel);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    column->setSpacing(6);
    column->addWidget(m_search);
    column->addWidget(m_message);
    column->addWidget(m_list, 1);
    m_message->setWordWrap(true);
    m_list->setColumnCount(2);
    m_list->setHeaderHidden(true);
    m_list->setRootIsDecorated(false);
    m_list->setUniformRowHeights(true);
    m_list->setTextElideMode(Qt::ElideMiddle);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->header()->setStretchLastSection(false);
    m_list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_list->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    m_list->setAccessibleName(placeholder);
    m_search->installEventFilter(this);
    setFixedSize(340, 320);
    connect(m_search, &QLineEdit::textChanged, this, &ChoicePopup::filter);
    connect(m_list, &QTreeWidget::itemClicked, this, [this](QTreeWidgetItem* item) { take(item); });
}

void ChoicePopup::openUnder(QWidget* anchor)
{
    m_search->clear();
    m_list->clear();
    setMessage(tr("Reading the ledger…"));
    QPoint place = anchor->mapToGlobal(QPoint(0, anchor->height() + 2));
    if (const QScreen* screen = anchor->screen()) {
        const QRect room = screen->availableGeometry();
        place.setX(std::clamp(place.x(), room.left(), std::max(room.left(), room.right() - width())));
    }
    move(place);
    show();
    m_search->setFocus();
}

void ChoicePopup::setMessage(const QString& text)
{
    m_message->setText(text);
    m_message->setVisible(!text.isEmpty());
    m_list->setVisible(text.isEmpty());
}

void ChoicePopup::setChoices(const std::vector<Choice>& choices)
{
    m_list->clear();
    QTreeWidgetItem* checked = nullptr;
    for (const Choice& choice : choices) {
        auto* item = new QTreeWidgetItem(m_list, {choice.label, choice.note});
        item->setData(0, Qt::UserRole, choice.id);
        item->setToolTip(0, choice.id.toHtmlEscaped());
        item->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
        item->setForeground(1, palette().placeholderText());
        // A click on the box is one on its row, which take() answers; the list would turn it back.
        item->setFlags(item->flags() & ~Qt::ItemIsUserCheckable);
        if (m_checks)
            item->setCheckState(0, choice.isChecked ? Qt::Checked : Qt::Unchecked);
        if (choice.isChecked && !checked)
            checked = item;
    }
    filter();
    if (checked && m_search->text().isEmpty()) {
        m_list->setCurrentItem(checked);
        m_list->scrollToItem(checked, QAbstractItemView::PositionAtCenter);
    }
}

void ChoicePopup::filter()
{
    const QString wanted = m_search->text().trimmed();
    QTreeWidgetItem* first = nullptr;
    for (int row = 0; row < m_list->topLevelItemCount(); ++row) {
        QTreeWidgetItem* const item = m_list->topLevelItem(row);
        const bool matches = item->text(0).contains(wanted, Qt::CaseInsensitive)
            || item->data(0, Qt::UserRole).toString().contains(wanted, Qt::CaseInsensitive);
        item->setHidden(!matches);
        if (matches && !first)
            first = item;
    }
    m_list->setCurrentItem(first);
    if (m_list->topLevelItemCount() > 0)
        setMessage(first ? QString() : tr("Nothing is called “%1”.").arg(wanted));
}

void ChoicePopup::take(QTreeWidgetItem* item)
{
    if (!item)
        return;
    const QString id = item->data(0, Qt::UserRole).toString();
    if (!m_checks) {
        close();
        Q_EMIT chosen(id);
        return;
    }
    const bool on = item->checkState(0) != Qt::Checked;
    item->setCheckState(0, on ? Qt::Checked : Qt::Unchecked);
    Q_EMIT toggled(id, on);
}

bool ChoicePopup::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_search && event->type() == QEvent::KeyPress) {
        auto* const key = static_cast<QKeyEvent*>(event);
        switch (key->key()) {
        case Qt::Key_Up:
        case Qt::Key_Down:
        case Qt::Key_PageUp:
        case Qt::Key_PageDown: {
            // The field keeps the focus: one types on.
            QTreeWidgetItem* item = m_list->currentItem();
            const bool down = key->key() == Qt::Key_Down || key->key() == Qt::Key_PageDown;
            const int steps = key->key() == Qt::Key_PageUp || key->key() == Qt::Key_PageDown ? 8 : 1;
            for (int step = 0; step < steps && item; ++step) {
                QTreeWidgetItem* const next = down ? m_list->itemBelow(item) : m_list->itemAbove(item);
                if (!next)
                    break;
                item = next;
            }
            m_list->setCurrentItem(item);
            return true;
        }
        case Qt::Key_Return:
        case Qt::Key_Enter:
            take(m_list->currentItem());
            return true;
        default:
            break;
        }
    }
    return QFrame::eventFilter(watched, event);
}

} // namespace llmcache::ui
