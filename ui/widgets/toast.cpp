#include "widgets/toast.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QTimer>
#include <QToolButton>

namespace llmcache::ui {

ToastHost::ToastHost(const Theme* theme, QWidget* window)
    : QObject(window)
    , m_theme(theme)
    , m_window(window)
{
    window->installEventFilter(this);
}

void ToastHost::show(const QString& text, const QString& actionText, std::function<void()> action,
    std::chrono::milliseconds time)
{
    auto* toast = new QFrame(m_window);
    toast->setProperty("toast", true);
    toast->setAccessibleName(text);
    auto* layout = new QHBoxLayout(toast);
    layout->setContentsMargins(14, 8, 8, 8);
    layout->setSpacing(10);
    auto* label = makeLabel(text, Tone::Normal, TextSize::Body, QFont::Normal, toast);
    // Long texts wrap; short ones keep the notice as small as they are.
    if (label->sizeHint().width() > 340) {
        label->setWordWrap(true);
        label->setFixedWidth(340);
    }
    layout->addWidget(label);
    auto* timer = new QTimer(toast);
    timer->setSingleShot(true);
    connect(timer, &QTimer::timeout, this, [this, toast] { remove(toast); });
    toast->setProperty("time", static_cast<int>(time.count()));
    if (!actionText.isEmpty()) {
        Button* button = secondaryButton(actionText, toast);
        layout->addWidget(button);
        connect(button, &QPushButton::clicked, this, [this, toast, action = std::move(action)] {
            // A second click may already be on its way.
            if (!m_toasts.contains(toast))
                return;
            remove(toast);
            if (action)
                action();
        });
        button->installEventFilter(this);
    }
    auto* close = new QToolButton(toast);
    close->setIcon(m_theme->icon(IconName::Close, Token::TooltipText));
    close->setIconSize({12, 12});
    close->setAccessibleName(tr("Close notice"));
    connect(close, &QToolButton::clicked, this, [this, toast] { remove(toast); });
    layout->addWidget(close, 0, Qt::AlignVCenter);
    toast->installEventFilter(this);
    m_toasts.append(toast);
    toast->show();
    place();
    timer->start(time);
}

void ToastHost::setBottomMargin(int pixels)
{
    m_bottomMargin = pixels;
    place();
}

bool ToastHost::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_window) {
        if (event->type() == QEvent::Resize)
            place();
        return false;
    }
    QWidget* toast = qobject_cast<QFrame*>(watched);
    const bool pointer = event->type() == QEvent::Enter || event->type() == QEvent::Leave;
    const bool focus = event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut;
    if (!toast && focus)
        toast = static_cast<QWidget*>(watched)->parentWidget();
    if (!toast || (!pointer && !focus))
        return false;
    auto* timer = toast->findChild<QTimer*>(QString(), Qt::FindDirectChildrenOnly);
    if (event->type() == QEvent::Enter || event->type() == QEvent::FocusIn)
        timer->stop();
    else
        timer->start(toast->property("time").toInt());
    return false;
}

void ToastHost::place()
{
    int bottom = m_window->height() - m_bottomMargin - 12;
    for (auto it = m_toasts.crbegin(); it != m_toasts.crend(); ++it) {
        QFrame* toast = *it;
        toast->adjustSize();
        bottom -= toast->height();
        toast->move(m_window->width() - toast->width() - 16, bottom);
        toast->raise();
        bottom -= 8;
    }
}

void ToastHost::remove(QFrame* toast)
{
    if (!m_toasts.removeOne(toast))
        return;
    toast->hide();
    toast->deleteLater();
    place();
}

} // namespace llmcache::ui
