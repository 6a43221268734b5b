#include "widgets/controls.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QStyle>
#include <QStyleOptionButton>
#include <QStylePainter>

namespace llmcache::ui {

void setStyleProperty(QWidget* widget, const char* name, const QVariant& value)
{
    if (widget->property(name) == value)
        return;
    widget->setProperty(name, value);
    widget->style()->unpolish(widget);
    widget->style()->polish(widget);
    widget->update();
}

Button::Button(const QString& text, ButtonKind kind, QWidget* parent)
    : QPushButton(text, parent)
{
    setFont(textFont(TextSize::Body, QFont::Medium));
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setAutoDefault(false);
    setKind(kind);
}

void Button::setKind(ButtonKind kind)
{
    static constexpr const char* names[] = {"secondary", "primary", "danger", "flat"};
    setStyleProperty(this, "kind", QString::fromLatin1(names[static_cast<int>(kind)]));
}

void Button::setKeyHint(const QString& hint)
{
    m_keyHint = hint;
    updateGeometry();
    update();
}

int Button::hintWidth() const
{
    if (m_keyHint.isEmpty())
        return 0;
    return QFontMetrics(textFont(TextSize::Small)).horizontalAdvance(m_keyHint) + 8;
}

QSize Button::sizeHint() const
{
    return QPushButton::sizeHint() + QSize(hintWidth() + (menu() ? 8 : 0), 0);
}

void Button::paintEvent(QPaintEvent* event)
{
    if (m_keyHint.isEmpty() && !menu()) {
        QPushButton::paintEvent(event);
        return;
    }
    QStylePainter painter(this);
    QStyleOptionButton option;
    initStyleOption(&option);
    painter.drawControl(QStyle::CE_PushButtonBevel, option);
    const int right = hintWidth() + (menu() ? 14 : 0);
    option.rect.adjust(0, 0, -right, 0);
    option.features &= ~QStyleOptionButton::HasMenu;
    painter.drawControl(QStyle::CE_PushButtonLabel, option);
    if (m_keyHint.isEmpty())
        return;
    // The stylesheet's text colour is only known while it draws, so the hint goes through it as well.
    QStyleOptionButton hint = option;
    hint.text = m_keyHint;
    hint.icon = QIcon();
    const QFontMetrics metrics(font());
    const int content = metrics.horizontalAdvance(text()) + (icon().isNull() ? 0 : iconSize().width() + 4);
    const int start = (width() - right + content) / 2 + 6;
    hint.rect = QRect(start, 0, hintWidth(), height());
    painter.setFont(textFont(TextSize::Small));
    QPalette colors = palette();
    painter.setPen(colors.color(isEnabled() ? QPalette::Active : QPalette::Disabled, QPalette::ButtonText));
    painter.drawText(hint.rect, Qt::AlignVCenter | Qt::AlignLeft, m_keyHint);
}

Button* primaryButton(const QString& text, QWidget* parent)
{
    return new Button(text, ButtonKind::Primary, parent);
}

Button* secondaryButton(const QString& text, QWidget* parent)
{
    return new Button(text, ButtonKind::Secondary, parent);
}

Button* dangerButton(const QString& text, QWidget* parent)
{
    return new Button(text, ButtonKind::Danger, parent);
}

Button* flatButton(const QString& text, QWidget* parent)
{
    return new Button(text, ButtonKind::Flat, parent);
}

void setTone(QLabel* label, Tone tone)
{
    static constexpr const char* names[] = {"normal", "secondary", "hit", "miss", "error", "accent"};
    setStyleProperty(label, "tone", QString::fromLatin1(names[static_cast<int>(tone)]));
}

QLabel* makeLabel(const QString& text, Tone tone, TextSize size, QFont::Weight weight, QWidget* parent)
{
    auto* label = new QLabel(parent);
    // Texts may come from entries of other people; a label must not render their markup.
    label->setTextFormat(Qt::PlainText);
    label->setText(text);
    label->setFont(textFont(size, weight));
    setTone(label, tone);
    return label;
}

QLabel* fieldLabel(const QString& text, QWidget* buddy, QWidget* parent)
{
    auto* label = makeLabel(text, Tone::Secondary, TextSize::Small, QFont::Medium, parent);
    if (buddy) {
        label->setBuddy(buddy);
        if (buddy->accessibleName().isEmpty())
            buddy->setAccessibleName(QString(text).remove(u'&'));
    }
    return label;
}

QLabel* keyHint(const QString& keys, QWidget* parent)
{
    auto* label = new QLabel(keys, parent);
    label->setTextFormat(Qt::PlainText);
    label->setFont(textFont(TextSize::Small));
    label->setProperty("keyhint", true);
    label->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    return label;
}

QFrame* horizontalRule(QWidget* parent)
{
    auto* rule = new QFrame(parent);
    rule->setProperty("rule", QStringLiteral("horizontal"));
    rule->setFixedHeight(1);
    return rule;
}

QFrame* verticalRule(QWidget* parent)
{
    auto* rule = new QFrame(parent);
    rule->setProperty("rule", QStringLiteral("vertical"));
    rule->setFixedWidth(1);
    return rule;
}

QFrame* panelFrame(QWidget* parent)
{
    auto* frame = new QFrame(parent);
    frame->setProperty("surface", QStringLiteral("panel"));
    return frame;
}

SegmentedControl::SegmentedControl(QWidget* parent)
    : QFrame(parent)
    , m_group(new QButtonGroup(this))
{
    setProperty("segments", true);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(2, 2, 2, 2);
    layout->setSpacing(2);
    connect(m_group, &QButtonGroup::idToggled, this, [this](int id, bool on) {
        if (on)
            Q_EMIT currentChanged(id);
    });
}

void SegmentedControl::addSegment(const QString& text)
{
    auto* button = new QPushButton(text, this);
    button->setCheckable(true);
    button->setAutoDefault(false);
    const auto count = static_cast<int>(m_group->buttons().size());
    m_group->addButton(button, count);
    layout()->addWidget(button);
    if (count == 0)
        button->setChecked(true);
}

int SegmentedControl::currentIndex() const
{
    return m_group->checkedId();
}

void SegmentedControl::setCurrentIndex(int index)
{
    if (auto* button = m_group->button(index))
        button->setChecked(true);
}

} // namespace llmcache::ui
