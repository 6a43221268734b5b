#include "widgets/chip.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QToolButton>

namespace llmcache::ui {

Chip::Chip(const Theme* theme, const QString& text, bool removable, QWidget* parent)
    : QFrame(parent)
    , m_label(makeLabel({}, Tone::Normal, TextSize::Small, QFont::Medium, this))
    , m_remove(new QToolButton(this))
    , m_removable(removable)
{
    m_label->setFont(textFont(TextSize::Small, QFont::Medium));
    setProperty("chip", true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setFixedHeight(22);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(8, 0, removable ? 4 : 8, 0);
    layout->setSpacing(2);
    layout->addWidget(m_label);
    layout->addWidget(m_remove);
    m_remove->setIcon(theme->icon(IconName::Close, Token::AccentText));
    m_remove->setIconSize({10, 10});
    m_remove->setFocusPolicy(Qt::NoFocus);
    m_remove->setVisible(removable);
    connect(m_remove, &QToolButton::clicked, this, &Chip::removeRequested);
    setText(text);
}

QString Chip::text() const
{
    return m_label->text();
}

void Chip::setText(const QString& text)
{
    m_label->setText(text);
    setAccessibleName(text);
    m_remove->setAccessibleName(tr("Remove %1").arg(text));
    m_remove->setToolTip(m_remove->accessibleName().toHtmlEscaped());
}

void Chip::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Delete:
    case Qt::Key_Backspace:
        if (m_removable) {
            Q_EMIT removeRequested();
            return;
        }
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        Q_EMIT activated();
        return;
    default:
        break;
    }
    QFrame::keyPressEvent(event);
}

void Chip::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton && rect().contains(event->pos()))
        Q_EMIT activated();
    QFrame::mouseReleaseEvent(event);
}

} // namespace llmcache::ui
