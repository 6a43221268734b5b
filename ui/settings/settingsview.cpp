#include "settings/settingsview.h"

#include "cache/session.h"
#include "settings/keyscard.h"
#include "settings/pricescard.h"
#include "shell/panes.h"
#include "theme/theme.h"
#include "widgets/card.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"

#include <QGridLayout>
#include <QScrollArea>
#include <QSettings>

namespace llmcache::ui {

namespace {

const QString schemeKey = QStringLiteral("appearance/scheme");
const QString densityKey = QStringLiteral("appearance/density");

/// Empties the body of a card and gives it a grid of two columns: name, value.
QGridLayout* freshGrid(Card* card)
{
    while (QLayoutItem* item = card->body()->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    auto* holder = new QWidget(card);
    auto* grid = new QGridLayout(holder);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(16);
    grid->setVerticalSpacing(8);
    grid->setColumnMinimumWidth(0, 140);
    grid->setColumnStretch(1, 1);
    card->body()->addWidget(holder);
    return grid;
}

QLabel* note(const QString& text)
{
    QLabel* label = makeLabel(text, Tone::Secondary);
    label->setWordWrap(true);
    return label;
}

void addFact(QGridLayout* grid, const QString& name, const QString& value)
{
    const int row = grid->rowCount();
    grid->addWidget(makeLabel(name, Tone::Secondary), row, 0);
    auto* text = new ElidedLabel(value, nullptr, Qt::ElideMiddle);
    text->setFont(textFont());
    text->setAccessibleName(name + QStringLiteral(": ") + value);
    text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    grid->addWidget(text, row, 1);
}

} // namespace

void restoreAppearance(Theme* theme, const QSettings& settings)
{
    theme->setScheme(colorSchemeFromName(settings.value(schemeKey).toString()));
    theme->setDensity(densityFromName(settings.value(densityKey).toString()));
}

void saveAppearance(const Theme& theme, QSettings& settings)
{
    settings.setValue(schemeKey, colorSchemeName(theme.scheme()));
    settings.setValue(densityKey, densityName(theme.density()));
}

SettingsView::SettingsView(Theme* theme, QSettings* settings, QWidget* parent)
    : View(parent)
    , m_theme(theme)
    , m_settings(settings)
    , m_scheme(new SegmentedControl(this))
    , m_density(new SegmentedControl(this))
    , m_place(new Card(tr("Store and files"), this))
    , m_column(new QVBoxLayout)
{
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    outer->addWidget(scroll);
    auto* page = new QWidget(scroll);
    auto* sides = new QHBoxLayout(page);
    sides->setContentsMargins(16, 16, 16, 16);
    m_column->setSpacing(12);
    // The width is bound here and not on each card: a layout asks them how high they are when they are wider.
    auto* bound = new QWidget(page);
    bound->setMaximumWidth(720);
    bound->setLayout(m_column);
    m_column->setContentsMargins(0, 0, 0, 0);
    sides->addWidget(bound, 1000);
    sides->addStretch(1);
    scroll->setWidget(page);

    auto* appearance = new Card(tr("Appearance"), page);
    QGridLayout* grid = freshGrid(appearance);
    for (const QString& text : {tr("System"), tr("Light"), tr("Dark")})
        m_scheme->addSegment(text);
    for (const QString& text : {tr("Comfortable"), tr("Compact")})
        m_density->addSegment(text);
    m_scheme->setAccessibleName(tr("Colours"));
    m_density->setAccessibleName(tr("Density"));
    grid->addWidget(makeLabel(tr("Colours"), Tone::Secondary), 0, 0);
    grid->addWidget(m_scheme, 0, 1, Qt::AlignLeft);
    grid->addWidget(makeLabel(tr("Density"), Tone::Secondary), 1, 0);
    grid->addWidget(m_density, 1, 1, Qt::AlignLeft);
    for (Card* card : {appearance, m_place}) {
        card->headingRow()->addStretch();
        addCard(card);
    }
    m_column->addStretch();

    const auto showTheme = [this] {
        const QSignalBlocker quietScheme(m_scheme);
        const QSignalBlocker quietDensity(m_density);
        m_scheme->setCurrentIndex(static_cast<int>(m_theme->scheme()));
        m_density->setCurrentIndex(static_cast<int>(m_theme->density()));
    };
    showTheme();
    connect(m_theme, &Theme::changed, this, showTheme);
    connect(m_scheme, &SegmentedControl::currentChanged, this, [this](int index) {
        m_theme->setScheme(static_cast<ColorScheme>(index));
        saveAppearance(*m_theme, *m_settings);
    });
    connect(m_density, &SegmentedControl::currentChanged, this, [this](int index) {
        m_theme->setDensity(static_cast<Density>(index));
        saveAppearance(*m_theme, *m_settings);
    });
    setFacts({});
}

void SettingsView::addCard(Card* card)
{
    // Before the stretch at the end, once that is there.
    const bool begun = m_column->count() > 0 && m_column->itemAt(m_column->count() - 1)->spacerItem();
    m_column->insertWidget(m_column->count() - (begun ? 1 : 0), card);
}

void SettingsView::setSession(Session* session)
{
    m_prices = new PricesCard(m_theme, session);
    addCard(m_prices);
    m_keys = new KeysCard(m_theme, &session->keys());
    addCard(m_keys);
    connect(m_keys, &KeysCard::notice, this, [this](const QString& text) { Q_EMIT notice(text, {}, {}); });
    connect(m_keys, &KeysCard::activeTasksChanged, this, &SettingsView::activeTasksChanged);
    connect(m_prices, &PricesCard::notice, this, &SettingsView::notice);
    connect(m_prices, &PricesCard::activeTasksChanged, this, &SettingsView::activeTasksChanged);
}

void SettingsView::setFacts(const Facts& facts)
{
    QGridLayout* place = freshGrid(m_place);
    for (const auto& [name, value] : {std::pair(tr("Store"), facts.store),
             std::pair(tr("Workspace"), facts.workspace), std::pair(tr("Data folder"), facts.dataFolder),
             std::pair(tr("Settings file"), facts.settingsFile), std::pair(tr("Version"), facts.version)}) {
        if (!value.isEmpty())
            addFact(place, name, value);
    }
    m_place->body()->addWidget(note(tr("The store is chosen when the program starts: --store, then "
                                       "LLM_CACHE_REDIS_URL, then the file in the "
                                       "data folder.")));
}

void SettingsView::activate()
{
    focusPane(this);
    if (!m_prices)
        return;
    m_prices->reload();
    m_keys->reload();
}

void SettingsView::stopTasks()
{
    if (!m_prices)
        return;
    m_prices->stopTasks();
    m_keys->stopTasks();
}

int SettingsView::activeTasks() const
{
    return m_prices ? m_prices->activeTasks() + m_keys->activeTasks() : 0;
}

} // namespace llmcache::ui
