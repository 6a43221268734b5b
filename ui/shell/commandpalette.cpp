#include "shell/commandpalette.h"

#include "shell/fuzzymatch.h"
#include "theme/theme.h"
#include "widgets/controls.h"

#include <QAbstractListModel>
#include <QAction>
#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <algorithm>

namespace llmcache::ui {

namespace {
constexpr int groupRole = Qt::UserRole + 1;
constexpr int keysRole = Qt::UserRole + 2;
constexpr int rowHeight = 34;
constexpr int shownRows = 9;

QString plainText(const QAction* action)
{
    return QString(action->text()).remove(u'&');
}
} // namespace

/// The commands that match, best first.
class CommandModel : public QAbstractListModel {
public:
    using QAbstractListModel::QAbstractListModel;

    struct Command {
        QString group;
        QPointer<QAction> action;
    };

    void add(const QString& group, const QList<QAction*>& actions)
    {
        for (QAction* action : actions)
            m_all.append({group, action});
    }

    void filter(const QString& pattern)
    {
        beginResetModel();
        m_shown.clear();
        QList<std::pair<int, Command>> scored;
        for (const Command& command : std::as_const(m_all)) {
            if (!command.action || !command.action->isEnabled())
                continue;
            const auto score = fuzzyScore(pattern, plainText(command.action) + u' ' + command.group);
            if (score)
                scored.append({*score, command});
        }
        std::stable_sort(scored.begin(), scored.end(),
            [](const auto& left, const auto& right) { return left.first > right.first; });
        for (const auto& [score, command] : std::as_const(scored))
            m_shown.append(command);
        endResetModel();
    }

    QAction* actionAt(const QModelIndex& index) const
    {
        return index.isValid() ? m_shown.at(index.row()).action.data() : nullptr;
    }

    int rowCount(const QModelIndex& parent = {}) const override
    {
        return parent.isValid() ? 0 : static_cast<int>(m_shown.size());
    }

    QVariant data(const QModelIndex& index, int role) const override
    {
        const QAction* action = actionAt(index);
        if (!action)
            return {};
        switch (role) {
        case Qt::DisplayRole:
            return plainText(action);
        case Qt::AccessibleTextRole:
            return QString(plainText(action) + u' ' + action->shortcut().toString(QKeySequence::NativeText));
        case groupRole:
            return m_shown.at(index.row()).group;
        case keysRole:
            return action->shortcut().toString(QKeySequence::NativeText);
        default:
            return {};
        }
    }

private:
    QList<Command> m_all;
    QList<Command> m_shown;
};

namespace {

class CommandDelegate : public QStyledItemDelegate {
public:
    CommandDelegate(const Theme* theme, QObject* parent)
        : QStyledItemDelegate(parent)
        , m_theme(theme)
    {
    }

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override
    {
        return {200, rowHeight};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (option.state.testFlag(QStyle::State_Selected)) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(m_theme->color(Token::Selection));
            painter->drawRoundedRect(option.rect.adjusted(6, 1, -6, -1), 5, 5);
        }
        QRect area = option.rect.adjusted(16, 0, -16, 0);
        const QString keys = index.data(keysRole).toString();
        painter->setFont(textFont(TextSize::Small));
        painter->setPen(m_theme->color(Token::SecondaryText));
        painter->drawText(area, Qt::AlignRight | Qt::AlignVCenter, keys);
        area.setRight(area.right() - painter->fontMetrics().horizontalAdvance(keys) - 12);
        painter->setFont(textFont());
        painter->setPen(m_theme->color(Token::Text));
        const QString text = index.data(Qt::DisplayRole).toString();
        painter->drawText(area, Qt::AlignLeft | Qt::AlignVCenter,
            painter->fontMetrics().elidedText(text, Qt::ElideRight, area.width()));
        area.setLeft(area.left() + painter->fontMetrics().horizontalAdvance(text) + 10);
        painter->setFont(textFont(TextSize::Small));
        painter->setPen(m_theme->color(Token::SecondaryText));
        if (area.width() > 20)
            painter->drawText(area, Qt::AlignLeft | Qt::AlignVCenter, index.data(groupRole).toString());
        painter->restore();
    }

private:
    const Theme* m_theme;
};

} // namespace

CommandPalette::CommandPalette(const Theme* theme, QWidget* window)
    : QFrame(window)
    , m_window(window)
    , m_field(new QLineEdit(this))
    , m_list(new QListView(this))
    , m_model(new CommandModel(this))
{
    setProperty("commands", true);
    setAccessibleName(tr("Commands"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(1, 1, 1, 7);
    layout->setSpacing(6);
    m_field->setProperty("frameless", true);
    m_field->setPlaceholderText(tr("Search or run a command"));
    m_field->setAccessibleName(m_field->placeholderText());
    m_field->setFont(textFont(TextSize::Large));
    m_field->setFixedHeight(44);
    m_field->setTextMargins(15, 0, 15, 0);
    layout->addWidget(m_field);
    layout->addWidget(horizontalRule(this));
    m_list->setModel(m_model);
    m_list->setItemDelegate(new CommandDelegate(theme, m_list));
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setUniformItemSizes(true);
    m_list->setMouseTracking(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    layout->addWidget(m_list);
    m_field->installEventFilter(this);
    window->installEventFilter(this);
    connect(m_field, &QLineEdit::textChanged, this, &CommandPalette::filter);
    connect(m_list, &QListView::entered, m_list, &QListView::setCurrentIndex);
    connect(m_list, &QListView::clicked, this, &CommandPalette::runCurrent);
    hide();
}

void CommandPalette::addCommands(const QString& group, const QList<QAction*>& actions)
{
    m_model->add(group, actions);
}

void CommandPalette::open()
{
    if (!isVisible())
        m_focusBefore = QApplication::focusWidget();
    m_field->clear();
    filter();
    place();
    show();
    raise();
    m_field->setFocus(Qt::ShortcutFocusReason);
}

void CommandPalette::close()
{
    if (!isVisible())
        return;
    const bool hadFocus = m_field->hasFocus();
    hide();
    if (hadFocus && m_focusBefore)
        m_focusBefore->setFocus(Qt::OtherFocusReason);
}

QStringList CommandPalette::shownCommands() const
{
    QStringList texts;
    for (int row = 0; row < m_model->rowCount(); ++row)
        texts.append(m_model->index(row).data().toString());
    return texts;
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_window && event->type() == QEvent::Resize && isVisible())
        place();
    if (watched != m_field)
        return QFrame::eventFilter(watched, event);
    if (event->type() == QEvent::FocusOut) {
        hide();
        return false;
    }
    if (event->type() != QEvent::KeyPress)
        return false;
    switch (static_cast<QKeyEvent*>(event)->key()) {
    case Qt::Key_Escape:
        close();
        return true;
    case Qt::Key_Up:
        move(-1);
        return true;
    case Qt::Key_Down:
        move(1);
        return true;
    case Qt::Key_PageUp:
        move(1 - shownRows);
        return true;
    case Qt::Key_PageDown:
        move(shownRows - 1);
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        runCurrent();
        return true;
    default:
        return false;
    }
}

void CommandPalette::place()
{
    const int width = std::min(560, m_window->width() - 80);
    const int rows = std::clamp(m_model->rowCount(), 1, shownRows);
    m_list->setFixedHeight(rows * rowHeight);
    setFixedWidth(width);
    adjustSize();
    QFrame::move((m_window->width() - width) / 2, std::min(72, m_window->height() / 8));
}

void CommandPalette::filter()
{
    m_model->filter(m_field->text());
    m_list->setCurrentIndex(m_model->index(0));
    place();
}

void CommandPalette::runCurrent()
{
    const QPointer<QAction> action = m_model->actionAt(m_list->currentIndex());
    close();
    if (action && action->isEnabled())
        action->trigger();
}

void CommandPalette::move(int rows)
{
    const int last = m_model->rowCount() - 1;
    m_list->setCurrentIndex(
        m_model->index(std::clamp(m_list->currentIndex().row() + rows, 0, std::max(0, last))));
}

} // namespace llmcache::ui
