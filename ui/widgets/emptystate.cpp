#include "widgets/emptystate.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QVBoxLayout>

namespace llmcache::ui {

namespace {
constexpr int textWidth = 400;
constexpr int leastTextWidth = 180;
constexpr int sideMargin = 24;
constexpr int upperMargin = 24;
constexpr int lowUpperMargin = 4;
constexpr int iconSize = 32;
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
    layout->setContentsMargins(sideMargin, upperMargin, sideMargin, upperMargin);
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
    m_icon->setPixmap(m_theme->icon(icon).pixmap(QSize(iconSize, iconSize), devicePixelRatioF()));
    m_title->setText(title);
    m_text->setText(text);
    fitText();
    m_button->setText(action);
    m_button->setVisible(!action.isEmpty());
    setAccessibleName(title);
    setAccessibleDescription(text);
}

void EmptyState::fitText()
{
    // A layout with alignment does not ask a wrapped label for its height.
    const QFontMetrics metrics(m_text->font());
    const int room = std::max(leastTextWidth, contentsRect().width() - 2 * sideMargin);
    const int width = std::min({textWidth, room, metrics.horizontalAdvance(m_text->text()) + 4});
    m_text->setFixedSize(width, std::max(m_text->heightForWidth(width), 0)); // -1 for no text
}

void EmptyState::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    fitText();
    // The picture is what one can do without where there is little room.
    if (const bool isLow = height() < lowHeight() + saved(); isLow != m_isLow) {
        m_isLow = isLow;
        m_icon->setVisible(!isLow);
        const int margin = isLow ? lowUpperMargin : upperMargin;
        layout()->setContentsMargins(sideMargin, margin, sideMargin, margin);
    }
}

int EmptyState::saved() const
{
    return 2 * (upperMargin - lowUpperMargin) + iconSize + layout()->spacing();
}

int EmptyState::lowHeight() const
{
    const int present = QWidget::minimumSizeHint().height();
    return m_isLow ? present : present - saved();
}

QSize EmptyState::minimumSizeHint() const
{
    // The text makes itself as narrow as the widget becomes.
    return {leastTextWidth + 2 * sideMargin, lowHeight()};
}

} // namespace llmcache::ui
