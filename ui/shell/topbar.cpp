#include "shell/topbar.h"

#include "widgets/controls.h"

#include <QHBoxLayout>

namespace llmcache::ui {

TopBar::TopBar(QWidget* parent)
    : QFrame(parent)
    , m_headers(new QHBoxLayout)
{
    setProperty("part", QStringLiteral("top"));
    setFixedHeight(44);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 0, 16, 1);
    layout->setSpacing(16);
    layout->addLayout(m_headers, 1);

    auto* search = new QPushButton(tr("Search or run a command"), this);
    search->setProperty("searchbox", true);
    search->setAccessibleName(tr("Search or run a command, Ctrl+K"));
    search->setToolTip(tr("Search or run a command (Ctrl+K)"));
    search->setFocusPolicy(Qt::TabFocus);
    search->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    search->setMinimumWidth(96);
    search->setMaximumWidth(250);
    auto* inside = new QHBoxLayout(search);
    inside->setContentsMargins(0, 0, 8, 0);
    auto* keys = keyHint(tr("Ctrl K"), search);
    keys->setAttribute(Qt::WA_TransparentForMouseEvents);
    inside->addStretch();
    inside->addWidget(keys);
    layout->addWidget(search, 0);
    connect(search, &QPushButton::clicked, this, &TopBar::searchRequested);
}

void TopBar::addHeader(QWidget* header)
{
    header->hide();
    m_headers->addWidget(header, 1);
    m_all.append(header);
}

void TopBar::showHeader(QWidget* header)
{
    for (QWidget* other : std::as_const(m_all))
        other->setVisible(other == header);
}

} // namespace llmcache::ui
