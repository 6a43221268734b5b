#include "widgets/searchfield.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QAction>
#include <QKeyEvent>

namespace llmcache::ui {

SearchField::SearchField(const Theme* theme, const QString& placeholder, QWidget* parent)
    : QLineEdit(parent)
{
    setPlaceholderText(placeholder);
    setAccessibleName(placeholder);
    setClearButtonEnabled(false);
    addAction(theme->icon(IconName::Search), QLineEdit::LeadingPosition)->setText(tr("Search"));
    connect(this, &QLineEdit::textChanged, this, &SearchField::placeHint);
}

void SearchField::setKeyHint(const QString& keys)
{
    if (!m_hint)
        m_hint = keyHint(keys, this);
    m_hint->setText(keys);
    m_hint->adjustSize();
    placeHint();
}

bool SearchField::event(QEvent* event)
{
    // Escape clears before it does anything else in the window.
    if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape
        && !text().isEmpty()) {
        event->accept();
        return true;
    }
    return QLineEdit::event(event);
}

void SearchField::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape && !text().isEmpty()) {
        clear();
        return;
    }
    QLineEdit::keyPressEvent(event);
}

void SearchField::resizeEvent(QResizeEvent* event)
{
    QLineEdit::resizeEvent(event);
    placeHint();
}

void SearchField::placeHint()
{
    if (!m_hint)
        return;
    m_hint->setVisible(text().isEmpty());
    m_hint->move(width() - m_hint->width() - 8, (height() - m_hint->height()) / 2);
}

} // namespace llmcache::ui
