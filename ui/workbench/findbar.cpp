#include "workbench/findbar.h"

#include "widgets/controls.h"
#include "widgets/format.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QTextEdit>

namespace llmcache::ui {

FindBar::FindBar(QWidget* parent)
    : QFrame(parent)
    , m_text(new QLineEdit)
    , m_with(new QLineEdit)
    , m_count(makeLabel({}, Tone::Secondary))
{
    setObjectName(QStringLiteral("find bar"));
    m_text->setObjectName(QStringLiteral("find text"));
    m_text->setPlaceholderText(tr("Find"));
    m_text->setAccessibleName(tr("Find"));
    m_with->setObjectName(QStringLiteral("replace with"));
    m_with->setPlaceholderText(tr("Replace with"));
    m_with->setAccessibleName(tr("Replace with"));
    m_count->setObjectName(QStringLiteral("find count"));
    auto* const row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    row->addWidget(m_text, 3);
    row->addWidget(m_with, 2);
    const auto add = [row](const QString& text, const QString& name, const QString& toolTip) {
        auto* const button = secondaryButton(text);
        button->setObjectName(name);
        button->setToolTip(toolTip);
        row->addWidget(button);
        return button;
    };
    auto* const next = add(tr("Next"), QStringLiteral("find next"), tr("Next match (Enter)"));
    auto* const one =
        add(tr("Replace"), QStringLiteral("replace one"), tr("Replace this one, and find the next"));
    auto* const all =
        add(tr("All"), QStringLiteral("replace all"), tr("Replace all; undo takes them back together"));
    row->addWidget(m_count);
    connect(next, &QPushButton::clicked, this, [this] { find(true); });
    connect(one, &QPushButton::clicked, this, &FindBar::replace);
    connect(all, &QPushButton::clicked, this, &FindBar::replaceAll);
    connect(m_text, &QLineEdit::textChanged, this, &FindBar::count);
    hide();
}

void FindBar::open(QTextEdit* editor)
{
    m_editor = editor;
    show();
    const QString selected = editor->textCursor().selectedText();
    if (!selected.isEmpty() && !selected.contains(QChar::ParagraphSeparator))
        m_text->setText(selected);
    m_text->setFocus();
    m_text->selectAll();
    count();
}

void FindBar::close()
{
    hide();
    if (m_editor)
        m_editor->setFocus();
}

bool FindBar::event(QEvent* event)
{
    // Escape closes it before it does anything else in the window.
    if (event->type() == QEvent::ShortcutOverride
        && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        event->accept();
        return true;
    }
    return QFrame::event(event);
}

void FindBar::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape) {
        close();
    } else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        if (m_with->hasFocus())
            replace();
        else
            find(!event->modifiers().testFlag(Qt::ShiftModifier));
    } else {
        QFrame::keyPressEvent(event);
    }
}

bool FindBar::find(bool forward)
{
    const QString text = m_text->text();
    if (!m_editor || text.isEmpty())
        return false;
    const QTextDocument::FindFlags flags =
        forward ? QTextDocument::FindFlags() : QTextDocument::FindFlags(QTextDocument::FindBackward);
    if (m_editor->find(text, flags))
        return true;
    // From the other end.
    QTextCursor cursor = m_editor->textCursor();
    cursor.movePosition(forward ? QTextCursor::Start : QTextCursor::End);
    m_editor->setTextCursor(cursor);
    return m_editor->find(text, flags);
}

void FindBar::replace()
{
    if (!m_editor)
        return;
    QTextCursor cursor = m_editor->textCursor();
    if (cursor.hasSelection() && cursor.selectedText().compare(m_text->text(), Qt::CaseInsensitive) == 0)
        cursor.insertText(m_with->text());
    find(true);
    count();
}

void FindBar::replaceAll()
{
    const QString text = m_text->text();
    if (!m_editor || text.isEmpty())
        return;
    QTextCursor edit(m_editor->document());
    edit.beginEditBlock();
    int replaced = 0;
    QTextCursor found = m_editor->document()->find(text, 0);
    while (!found.isNull()) {
        found.insertText(m_with->text());
        ++replaced;
        found = m_editor->document()->find(text, found.position());
    }
    edit.endEditBlock();
    m_count->setText(tr("%1 replaced").arg(format::count(replaced)));
}

void FindBar::count()
{
    if (!m_editor || m_text->text().isEmpty()) {
        m_count->clear();
        return;
    }
    const auto matches = m_editor->toPlainText().count(m_text->text(), Qt::CaseInsensitive);
    m_count->setText(format::counted(matches, tr("match"), tr("matches")));
}

} // namespace llmcache::ui
