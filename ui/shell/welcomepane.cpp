#include "shell/welcomepane.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QHBoxLayout>
#include <QToolButton>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

constexpr QMargins paneMargins(16, 12, 12, 14);
constexpr QMargins boxMargins(12, 10, 12, 10);

} // namespace

WelcomePane::WelcomePane(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_column(new QVBoxLayout(this))
    , m_top(new QHBoxLayout)
    , m_choices(new QHBoxLayout)
    , m_words(makeLabel(tr("Answers are paid for once and kept. Two sample agents answer without a key or a "
                           "network: press Run for a miss, and again for a hit."),
          Tone::Secondary))
{
    setProperty("surface", QStringLiteral("card"));
    setObjectName(QStringLiteral("welcome"));
    setAccessibleName(tr("Welcome"));
    m_column->setContentsMargins(paneMargins);
    m_column->setSpacing(8);
    m_tallOnly.push_back(makeLabel(tr("Welcome"), Tone::Normal, TextSize::Large, QFont::DemiBold));
    m_top->addWidget(m_tallOnly.back(), 1);
    auto* close = new QToolButton(this);
    close->setObjectName(QStringLiteral("dismiss welcome"));
    close->setIcon(theme->icon(IconName::Close));
    close->setToolTip(tr("Close; it is in the menu Help, too"));
    close->setAccessibleName(tr("Close the welcome"));
    connect(close, &QToolButton::clicked, this, &WelcomePane::dismissed);
    m_top->addWidget(close, 0, Qt::AlignTop);
    m_column->addLayout(m_top);
    m_words->setWordWrap(true);
    m_column->addWidget(m_words);
    m_choices->setSpacing(12);
    connect(addChoice(tr("Ask a real model"),
                tr("Anthropic, OpenAI, Google and others. The key goes to your keychain."),
                tr("Add a provider key…"), QStringLiteral("welcome key")),
        &QPushButton::clicked, this, &WelcomePane::keyRequested);
    connect(addChoice(tr("Share with your team"),
                tr("A Redis lets everybody have the answers that one has paid for."), tr("Connect a Redis…"),
                QStringLiteral("welcome connect")),
        &QPushButton::clicked, this, &WelcomePane::connectRequested);
    connect(
        addChoice(tr("Look around"), tr("A workspace of made-up entries and calls, in a file of its own."),
            tr("Load the sample"), QStringLiteral("welcome sample")),
        &QPushButton::clicked, this, &WelcomePane::sampleRequested);
    m_column->addLayout(m_choices);
}

Button* WelcomePane::addChoice(
    const QString& heading, const QString& words, const QString& button, const QString& name)
{
    auto* box = new QFrame(this);
    box->setProperty("surface", QStringLiteral("inset"));
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(boxMargins);
    column->setSpacing(4);
    m_tallOnly.push_back(makeLabel(heading, Tone::Normal, TextSize::Body, QFont::DemiBold));
    column->addWidget(m_tallOnly.back());
    QLabel* text = makeLabel(words, Tone::Secondary);
    text->setWordWrap(true);
    text->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    column->addWidget(text, 1);
    m_tallOnly.push_back(text);
    Button* action = secondaryButton(button);
    action->setObjectName(name);
    action->setToolTip(words);
    column->addWidget(action, 0, Qt::AlignLeft);
    m_choices->addWidget(box, 1);
    m_boxes.push_back(box);
    return action;
}

void WelcomePane::setCompact(bool on)
{
    if (m_isCompact == on)
        return;
    m_isCompact = on;
    for (QLabel* label : m_tallOnly)
        label->setVisible(!on);
    // Beside the cross, where the title was.
    if (on)
        m_top->insertWidget(0, m_words, 1);
    else
        m_column->insertWidget(1, m_words);
    for (QFrame* box : m_boxes) {
        setStyleProperty(box, "surface", on ? QString() : QStringLiteral("inset"));
        box->layout()->setContentsMargins(on ? QMargins() : boxMargins);
        m_choices->setStretchFactor(box, on ? 0 : 1);
        box->updateGeometry(); // it is asked for its height at once
    }
    // In compact form the buttons stand side by side at the left.
    if (on)
        m_choices->addStretch();
    else
        delete m_choices->takeAt(m_choices->count() - 1);
}

} // namespace llmcache::ui
