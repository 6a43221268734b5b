#include "workbench/historyeditor.h"

#include "agent/attachments.h"
#include "agent/historyformats.h"
#include "base/error.h"
#include "theme/theme.h"
#include "widgets/codeedit.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"

#include <QClipboard>
#include <QComboBox>
#include <QFrame>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

namespace llmcache::ui {

class HistoryEditor::Turn : public QFrame {
public:
    Turn(const Theme* theme, const Message& message, HistoryEditor* editor)
        : m_message(message)
        , m_role(new QComboBox)
        , m_extras(new ElidedLabel)
        , m_text(new CodeEdit(theme, Syntax::Template))
    {
        setStyleProperty(this, "surface", QStringLiteral("card"));
        for (const Role role : {Role::User, Role::Assistant, Role::System, Role::Tool})
            m_role->addItem(roleName(role), static_cast<int>(role));
        m_role->setCurrentIndex(m_role->findData(static_cast<int>(message.role)));
        m_role->setAccessibleName(tr("Role of this turn"));
        m_text->setText(message.text);
        m_text->setAccessibleName(tr("Text of this turn"));
        m_text->setFixedHeight(84);
        setFocusProxy(m_text);
        auto* row = new QHBoxLayout;
        row->setSpacing(4);
        row->addWidget(m_role);
        row->addWidget(m_extras, 1);
        row->addStretch();
        row->addWidget(tool(tr("↑"), tr("Move this turn up"), [this, editor] { editor->move(this, -1); }));
        row->addWidget(tool(tr("↓"), tr("Move this turn down"), [this, editor] { editor->move(this, 1); }));
        row->addWidget(tool(tr("✕"), tr("Remove this turn"), [this, editor] { editor->remove(this); }));
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(10, 8, 10, 10);
        column->setSpacing(6);
        column->addLayout(row);
        column->addWidget(m_text);
        setTone(m_extras, Tone::Secondary);
        showExtras();
        QObject::connect(m_role, &QComboBox::currentIndexChanged, this, [this] { showExtras(); });
        QObject::connect(m_role, &QComboBox::currentIndexChanged, editor, &HistoryEditor::edited);
        QObject::connect(m_text, &QTextEdit::textChanged, editor, &HistoryEditor::edited);
    }

    Message message() const
    {
        Message message = m_message;
        message.role = static_cast<Role>(m_role->currentData().toInt());
        message.text = m_text->text();
        if (message.role == m_message.role)
            return message;
        // What only the role of before has would be refused by providers. Back in that role it is there
        // again.
        if (message.role != Role::Assistant) {
            message.toolCalls.clear();
            message.thinking.clear();
            message.providerData = Json();
        }
        if (message.role != Role::Tool) {
            message.toolCallId.clear();
            message.toolName.clear();
            message.isError = false;
        }
        if (message.role != Role::User)
            message.attachments.clear();
        return message;
    }

private:
    /// What the turn has besides its text.
    QString extras() const
    {
        const Message now = message();
        QStringList parts;
        for (const ToolCall& call : now.toolCalls)
            parts.append(tr("calls %1").arg(call.name));
        if (!now.toolName.isEmpty())
            parts.append(
                now.isError ? tr("%1 failed").arg(now.toolName) : tr("answer of %1").arg(now.toolName));
        for (const Attachment& attachment : now.attachments)
            parts.append(attachmentName(attachment));
        return parts.join(QStringLiteral(" · "));
    }
    void showExtras()
    {
        const QString text = extras();
        m_extras->setText(text);
        m_extras->setVisible(!text.isEmpty());
    }
    template <typename Action>
    QToolButton* tool(const QString& sign, const QString& name, Action action)
    {
        auto* button = new QToolButton;
        button->setText(sign);
        button->setAutoRaise(true);
        button->setToolTip(name);
        button->setAccessibleName(name);
        QObject::connect(button, &QToolButton::clicked, this, action);
        return button;
    }

    Message m_message;
    QComboBox* m_role;
    ElidedLabel* m_extras;
    CodeEdit* m_text;
};

HistoryEditor::HistoryEditor(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_list(new QVBoxLayout)
    , m_hint(makeLabel(tr("No earlier turns. Add one to continue a conversation."), Tone::Secondary))
    , m_scroll(new QScrollArea)
{
    auto* inner = new QWidget;
    auto* innerColumn = new QVBoxLayout(inner);
    innerColumn->setContentsMargins(0, 0, 0, 0);
    innerColumn->setSpacing(8);
    m_list->setSpacing(8);
    innerColumn->addWidget(m_hint);
    innerColumn->addLayout(m_list);
    innerColumn->addStretch(1);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setWidget(inner);
    m_scroll->setAccessibleName(tr("Turns before the prompt"));
    auto* add = secondaryButton(tr("Add turn"));
    add->setObjectName(QStringLiteral("add turn"));
    auto* row = new QHBoxLayout;
    auto* paste = secondaryButton(tr("Paste JSON"));
    paste->setObjectName(QStringLiteral("paste history"));
    paste->setToolTip(
        tr("Add the messages in the clipboard: of OpenAI, Anthropic or PydanticAI, alone or in a "
           "request body"));
    row->setSpacing(8);
    row->addWidget(add);
    row->addWidget(paste);
    row->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addWidget(m_scroll, 1);
    column->addLayout(row);
    connect(paste, &QPushButton::clicked, this, [this] { addJson(QGuiApplication::clipboard()->text()); });
    connect(add, &QPushButton::clicked, this, [this] {
        const bool userSpoke = !m_turns.empty() && m_turns.back()->message().role == Role::User;
        addTurn(userSpoke ? Message::assistant({}) : Message::user({}));
        Turn* const turn = m_turns.back();
        turn->setFocus(); // one types at once
        QMetaObject::invokeMethod(
            turn, [this, turn] { m_scroll->ensureWidgetVisible(turn); },
            Qt::QueuedConnection); // once it has its place
        Q_EMIT edited();
    });
}

void HistoryEditor::addJson(const QString& text)
{
    try {
        const History history = historyFromJson(parseJson(text.toUtf8(), tr("What was pasted")));
        for (const Message& message : history)
            m_turns.push_back(new Turn(m_theme, message, this));
    } catch (const ConfigurationError& error) {
        Q_EMIT problem(error.message(), error.remedy());
        return;
    }
    rebuild();
    Q_EMIT edited();
}

void HistoryEditor::addTurn(const Message& message)
{
    auto* turn = new Turn(m_theme, message, this);
    m_turns.push_back(turn);
    rebuild();
}

void HistoryEditor::setHistory(const History& history)
{
    for (Turn* turn : m_turns)
        turn->deleteLater();
    m_turns.clear();
    for (const Message& message : history)
        m_turns.push_back(new Turn(m_theme, message, this));
    rebuild();
}

History HistoryEditor::history() const
{
    History history;
    for (const Turn* turn : m_turns)
        history.push_back(turn->message());
    return history;
}

void HistoryEditor::rebuild()
{
    while (QLayoutItem* item = m_list->takeAt(0))
        delete item;
    for (Turn* turn : m_turns)
        m_list->addWidget(turn);
    m_hint->setVisible(m_turns.empty());
}

void HistoryEditor::move(Turn* turn, int by)
{
    const auto at = std::find(m_turns.begin(), m_turns.end(), turn) - m_turns.begin();
    const auto to = at + by;
    if (to < 0 || to >= static_cast<std::ptrdiff_t>(m_turns.size()))
        return;
    std::swap(m_turns[static_cast<std::size_t>(at)], m_turns[static_cast<std::size_t>(to)]);
    rebuild();
    Q_EMIT edited();
}

void HistoryEditor::remove(Turn* turn)
{
    std::erase(m_turns, turn);
    turn->hide();
    turn->deleteLater();
    rebuild();
    Q_EMIT edited();
}

} // namespace llmcache::ui
