#include "shell/rail.h"

#include "theme/theme.h"

#include <QButtonGroup>
#include <QToolButton>
#include <QVBoxLayout>

namespace llmcache::ui {

Rail::Rail(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_group(new QButtonGroup(this))
    , m_top(new QVBoxLayout)
    , m_bottom(new QVBoxLayout)
{
    setProperty("surface", QStringLiteral("rail"));
    setFixedWidth(56);
    setAccessibleName(tr("Views"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(4, 9, 4, 8);
    layout->setSpacing(0);
    m_top->setSpacing(3);
    m_bottom->setSpacing(3);
    layout->addLayout(m_top);
    layout->addStretch();
    layout->addLayout(m_bottom);
    connect(m_group, &QButtonGroup::idClicked, this, &Rail::activated);
}

int Rail::addItem(IconName icon, const QString& label, const QString& toolTip, Place place)
{
    auto* button = new QToolButton(this);
    button->setProperty("rail", true);
    button->setCheckable(true);
    button->setToolButtonStyle(Qt::ToolButtonTextUnderIcon);
    button->setIcon(themedIcon(m_theme, icon, Token::RailText, Token::RailActiveText));
    button->setIconSize({20, 20});
    button->setFont(textFont(TextSize::Small));
    button->setText(label);
    button->setToolTip(toolTip);
    button->setAccessibleName(toolTip);
    button->setFixedSize(48, 49);
    button->setFocusPolicy(Qt::TabFocus);
    const auto index = static_cast<int>(m_group->buttons().size());
    m_group->addButton(button, index);
    (place == Place::Top ? m_top : m_bottom)->addWidget(button);
    return index;
}

void Rail::setCurrent(int index)
{
    if (auto* button = m_group->button(index))
        button->setChecked(true);
}

int Rail::current() const
{
    return m_group->checkedId();
}

} // namespace llmcache::ui
