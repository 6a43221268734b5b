#include "widgets/errorbanner.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QHBoxLayout>
#include <QRegularExpression>
#include <QToolButton>

namespace llmcache::ui {

namespace {

/// With the first digits of fingerprints alone: a label breaks no word, and would cut off what follows.
QString brief(const QString& text)
{
    static const QRegularExpression fingerprint(QStringLiteral("\\b([0-9a-f]{8})[0-9a-f]{56}\\b"));
    return QString(text).replace(fingerprint, QStringLiteral("\\1"));
}

} // namespace

ErrorBanner::ErrorBanner(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_icon(new QLabel(this))
    , m_what(makeLabel({}, Tone::Normal, TextSize::Body, QFont::DemiBold, this))
    , m_remedy(makeLabel({}, Tone::Normal, TextSize::Body, QFont::Normal, this))
    , m_action(secondaryButton({}, this))
    , m_body(new QBoxLayout(QBoxLayout::LeftToRight))
    , m_offers(new QHBoxLayout)
    , m_close(new QToolButton(this))
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 8, 8, 8);
    layout->setSpacing(10);
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    for (QLabel* label : {m_what, m_remedy}) {
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        words->addWidget(label);
    }
    m_close->setIcon(theme->icon(IconName::Close));
    m_close->setToolTip(tr("Dismiss"));
    m_close->setAccessibleName(tr("Dismiss"));
    layout->addWidget(m_icon, 0, Qt::AlignTop);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch(0);
    buttons->addLayout(m_offers);
    buttons->addWidget(m_action, 0, Qt::AlignVCenter);
    m_body->setSpacing(8);
    m_body->addLayout(words, 1);
    m_body->addLayout(buttons);
    layout->addLayout(m_body, 1);
    layout->addWidget(m_close, 0, Qt::AlignTop);
    connect(m_action, &QPushButton::clicked, this, &ErrorBanner::actionTriggered);
    connect(m_close, &QToolButton::clicked, this, [this] {
        clear();
        Q_EMIT dismissed();
    });
    connect(theme, &Theme::changed, this, &ErrorBanner::updateIcon);
    hide();
}

void ErrorBanner::showProblem(
    const QString& what, const QString& remedy, const QString& action, Severity severity)
{
    removeOffers();
    m_severity = severity;
    m_what->setText(brief(what));
    m_what->setToolTip(m_what->text() == what ? QString() : what);
    m_remedy->setText(brief(remedy));
    m_remedy->setVisible(!remedy.isEmpty());
    m_action->setText(action);
    m_action->setVisible(!action.isEmpty());
    setStyleProperty(
        this, "banner", severity == Severity::Error ? QStringLiteral("error") : QStringLiteral("warning"));
    setAccessibleName(what);
    setAccessibleDescription(remedy);
    updateIcon();
    show();
    Q_EMIT shown(true);
}

void ErrorBanner::offer(const QString& text, std::function<void()> action)
{
    auto* const button = secondaryButton(text, this);
    m_offers->addWidget(button, 0, Qt::AlignVCenter);
    connect(button, &QPushButton::clicked, this, [this, action = std::move(action)] {
        const auto run = action; // goes with its button
        clear();
        run();
    });
    button->show();
}

void ErrorBanner::resizeEvent(QResizeEvent* event)
{
    QFrame::resizeEvent(event);
    // Beside its buttons the words of a narrow one would have no room.
    constexpr int narrowWidth = 480;
    m_body->setDirection(width() < narrowWidth ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
}

void ErrorBanner::removeOffers()
{
    while (QLayoutItem* const item = m_offers->takeAt(0)) {
        item->widget()->hide();
        item->widget()->deleteLater(); // it may be the one that was pressed
        delete item;
    }
}

void ErrorBanner::clear()
{
    removeOffers();
    m_what->clear();
    setAccessibleName(QString());
    hide();
    Q_EMIT shown(false);
}

QString ErrorBanner::what() const
{
    return accessibleName(); // the label may show less
}

void ErrorBanner::setDismissable(bool on)
{
    m_close->setVisible(on);
}

void ErrorBanner::updateIcon()
{
    const Token color = m_severity == Severity::Error ? Token::Error : Token::Miss;
    m_icon->setPixmap(m_theme->icon(IconName::Warning, color).pixmap(QSize(16, 16), devicePixelRatioF()));
}

} // namespace llmcache::ui
