#include "shell/welcomepane.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QHBoxLayout>
#include <QToolButton>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

QWidget* choice(const QString& heading, const QString& words, Button* button)
{
    auto* box = new QFrame;
    box->setProperty("surface", QStringLiteral("inset"));
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(12, 10, 12, 10);
    column->setSpacing(4);
    column->addWidget(makeLabel(heading, Tone::Normal, TextSize::Body, QFont::DemiBold));
    QLabel* text = makeLabel(words, Tone::Secondary);
    text->setWordWrap(true);
    text->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    column->addWidget(text, 1);
    column->addWidget(button, 0, Qt::AlignLeft);
    return box;
}

} // namespace

WelcomePane::WelcomePane(const Theme* theme, QWidget* parent)
    : QFrame(parent)
{
    setProperty("surface", QStringLiteral("card"));
    setObjectName(QStringLiteral("welcome"));
    setAccessibleName(tr("Welcome"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 12, 12, 14);
    column->setSpacing(8);
    auto* top = new QHBoxLayout;
    top->addWidget(makeLabel(tr("Welcome"), Tone::Normal, TextSize::Large, QFont::DemiBold));
    top->addStretch();
    auto* close = new QToolButton(this);
    close->setObjectName(QStringLiteral("dismiss welcome"));
    close->setIcon(theme->icon(IconName::Close));
    close->setToolTip(tr("Close; it is in the menu Help, too"));
    close->setAccessibleName(tr("Close the welcome"));
    connect(close, &QToolButton::clicked, this, &WelcomePane::dismissed);
    top->addWidget(close);
    column->addLayout(top);
    auto* words =
        makeLabel(tr("Answers are paid for once and kept. Two sample agents answer without a key or a "
                     "network: choose one and press Run, then press it again for a hit."),
            Tone::Secondary);
    words->setWordWrap(true);
    column->addWidget(words);
    auto* row = new QHBoxLayout;
    row->setSpacing(12);
    auto* key = secondaryButton(tr("Add a provider key…"));
    auto* team = secondaryButton(tr("Connect a Redis…"));
    auto* sample = secondaryButton(tr("Load the sample"));
    key->setObjectName(QStringLiteral("welcome key"));
    team->setObjectName(QStringLiteral("welcome connect"));
    sample->setObjectName(QStringLiteral("welcome sample"));
    row->addWidget(choice(tr("Ask a real model"),
                       tr("Anthropic, OpenAI, Google and others. The key goes to your keychain."), key),
        1);
    row->addWidget(choice(tr("Share with your team"),
                       tr("A Redis lets everybody have the answers that one has paid for."), team),
        1);
    row->addWidget(choice(tr("Look around"),
                       tr("A workspace of made-up entries and calls, in a file of its own."), sample),
        1);
    column->addLayout(row);
    connect(key, &QPushButton::clicked, this, &WelcomePane::keyRequested);
    connect(team, &QPushButton::clicked, this, &WelcomePane::connectRequested);
    connect(sample, &QPushButton::clicked, this, &WelcomePane::sampleRequested);
}

} // namespace llmcache::ui
