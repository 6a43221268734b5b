#include "widgets/emptystate.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QVBoxLayout>

namespace llmcache::ui {

namespace {
constexpr int textWidth = 400;
} // namespace

EmptyState::EmptyState(const Theme* theme, IconName icon, const QString& title, const QString& text,
    const QString& action, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_icon(new QLabel(this))
    , m_title(makeLabel({}, Tone::Normal, TextSize::Large, QFont::DemiBold, this))
    , m_text(makeLabel({}, Tone::Secondary, TextSize::Body, QFont::Normal, this))
    , m_button(secondaryButton({}, this))
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 24);
    layout->setSpacing(8);
    layout->addStretch(2);
    layout->addWidget(m_icon, 0, Qt::AlignHCenter);
    layout->addWidget(m_title, 0, Qt::AlignHCenter);
    m_text->setWordWrap(true);
    m_text->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    layout->addWidget(m_text, 0, Qt::AlignHCenter);
    layout->addSpacing(4);
    layout->addWidget(m_button, 0, Qt::AlignHCenter);
    layout->addStretch(3);
    connect(m_button, &QPushButton::clicked, this, &EmptyState::actionTriggered);
    connect(theme, &Theme::changed, this,
        [this] { setContent(m_iconName, m_title->text(), m_text->text(), m_button->text()); });
    setContent(icon, title, text, action);
}

void EmptyState::setContent(IconName icon, const QString& title, const QString& text, const QString& action)
{
    m_iconName = icon;
    m_icon->setPixmap(m_theme->icon(icon).pixmap(QSize(32, 32), devicePixelRatioF()));
    m_title->setText(title);
    m_text->setText(text);
    // A layout with alignment does not ask a wrapped label for its height.
    const QFontMetrics metrics(m_text->font());
    const int width = std::min(textWidth, metrics.horizontalAdvance(text) + 4);
    m_text->setFixedSize(width, m_text->heightForWidth(width));
    m_button->setText(action);
    m_button->setVisible(!action.isEmpty());
    setAccessibleName(title);
    setAccessibleDescription(text);
}

} // namespace llmcache::ui
