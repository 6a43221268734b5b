#include "shell/topbar.h"

#include "widgets/controls.h"
#include "widgets/elidedlabel.h"

#include <QHBoxLayout>

namespace llmcache::ui {

namespace {

/// A button that looks like a field: the text is typed in the palette that it opens.
class SearchButton : public QPushButton {
public:
    using QPushButton::QPushButton;
    QSize sizeHint() const override { return {250, QPushButton::sizeHint().height()}; }
    QSize minimumSizeHint() const override { return {110, sizeHint().height()}; }
};

} // namespace

TopBar::TopBar(QWidget* parent)
    : QFrame(parent)
    , m_leading(new QHBoxLayout)
    , m_headers(new QHBoxLayout)
{
    setProperty("part", QStringLiteral("top"));
    setFixedHeight(44);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 0, 16, 1);
    layout->setSpacing(16);
    m_leading->setSpacing(8);
    layout->addLayout(m_leading);
    layout->addLayout(m_headers, 1);

    auto* search = new SearchButton(this);
    search->setAccessibleName(tr("Search or run a command, Ctrl+K"));
    search->setToolTip(tr("Search or run a command (Ctrl+K)"));
    search->setFocusPolicy(Qt::TabFocus);
    search->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    auto* inside = new QHBoxLayout(search);
    inside->setContentsMargins(11, 0, 8, 0);
    auto* keys = keyHint(tr("Ctrl K"), search);
    keys->setAttribute(Qt::WA_TransparentForMouseEvents);
    auto* words = new ElidedLabel(tr("Search or run a command"), search);
    words->setFont(textFont());
    words->setAttribute(Qt::WA_TransparentForMouseEvents);
    setTone(words, Tone::Secondary);
    inside->addWidget(words, 1);
    inside->addWidget(keys);
    layout->addWidget(search, 0);
    connect(search, &QPushButton::clicked, this, &TopBar::searchRequested);
}

void TopBar::addLeading(QWidget* widget)
{
    m_leading->addWidget(widget);
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
