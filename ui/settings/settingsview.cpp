#include "settings/settingsview.h"

#include "cache/session.h"
#include "connections/connectionscard.h"
#include "settings/appearancecard.h"
#include "settings/keyscard.h"
#include "settings/logcard.h"
#include "settings/pricescard.h"
#include "settings/runscard.h"
#include "shell/panes.h"
#include "theme/theme.h"
#include "widgets/card.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"

#include <QGridLayout>
#include <QListWidget>
#include <QScrollArea>
#include <QStackedWidget>
#include <QSysInfo>

namespace llmcache::ui {

namespace {

constexpr int sideWidth = 184;
constexpr int widest = 860;

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

QLabel* note(const QString& text)
{
    QLabel* label = makeLabel(text, Tone::Secondary);
    label->setWordWrap(true);
    return label;
}

} // namespace

SettingsView::SettingsView(Theme* theme, QSettings* settings, QWidget* parent)
    : View(parent)
    , m_theme(theme)
    , m_settings(settings)
    , m_pages(new QListWidget(this))
    , m_stack(new QStackedWidget(this))
    , m_place(new Card(tr("Store and files"), this))
{
    auto* outer = new QHBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    auto* side = panelFrame(this);
    side->setFixedWidth(sideWidth);
    auto* sideLayout = new QVBoxLayout(side);
    sideLayout->setContentsMargins(8, 12, 8, 12);
    sideLayout->addWidget(m_pages);
    m_pages->setProperty("nav", true);
    m_pages->setObjectName(QStringLiteral("settings pages"));
    m_pages->setAccessibleName(tr("Pages of settings"));
    m_pages->setFont(textFont());
    outer->addWidget(side);
    outer->addWidget(verticalRule(this));
    outer->addWidget(m_stack, 1);
    addPage(Page::Appearance, tr("Appearance"), new AppearanceCard(theme, settings));
    m_place->headingRow()->addStretch();
    addPage(Page::About, tr("About"), m_place);
    connect(m_pages, &QListWidget::currentRowChanged, m_stack, &QStackedWidget::setCurrentIndex);
    m_pages->setCurrentRow(0);
    setFacts({});
}

void SettingsView::addPage(Page page, const QString& name, Card* card)
{
    auto* scroll = new QScrollArea(m_stack);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    auto* holder = new QWidget(scroll);
    auto* sides = new QHBoxLayout(holder);
    sides->setContentsMargins(16, 16, 16, 16);
    // The width is bound here and not on the card: a layout asks it how high it is when it is wider.
    auto* bound = new QWidget(holder);
    bound->setMaximumWidth(widest);
    auto* column = new QVBoxLayout(bound);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(card);
    column->addStretch(1);
    sides->addWidget(bound, 1000);
    sides->addStretch(1);
    scroll->setWidget(holder);

    // In the order of the pages, whenever they come.
    int at = 0;
    while (at < m_pages->count() && m_pages->item(at)->data(Qt::UserRole).toInt() < static_cast<int>(page))
        ++at;
    m_stack->insertWidget(at, scroll);
    auto* item = new QListWidgetItem(name);
    item->setData(Qt::UserRole, static_cast<int>(page));
    item->setSizeHint(QSize(0, 32));
    m_pages->insertItem(at, item);
    m_stack->setCurrentIndex(m_pages->currentRow());
}

void SettingsView::showPage(Page page)
{
    for (int at = 0; at < m_pages->count(); ++at) {
        if (m_pages->item(at)->data(Qt::UserRole).toInt() == static_cast<int>(page))
            m_pages->setCurrentRow(at);
    }
}

void SettingsView::setSession(Session* session)
{
    m_prices = new PricesCard(m_theme, session);
    addPage(Page::Prices, tr("Prices"), m_prices);
    m_keys = new KeysCard(m_theme, &session->keys(), &session->providers());
    addPage(Page::Runs, tr("Runs"), new RunsCard(m_theme, m_settings, Identity::ofProcess().user));
    addPage(Page::Keys, tr("Provider keys"), m_keys);
    const auto say = [this](const QString& text) { Q_EMIT notice(text, {}, {}); };
    connect(m_keys, &KeysCard::notice, this, say);
    connect(m_keys, &KeysCard::activeTasksChanged, this, &SettingsView::activeTasksChanged);
    connect(m_prices, &PricesCard::notice, this, &SettingsView::notice);
    connect(m_prices, &PricesCard::activeTasksChanged, this, &SettingsView::activeTasksChanged);
}

void SettingsView::setConnections(Connections* connections)
{
    m_connections = new ConnectionsCard(m_theme, connections);
    addPage(Page::Connections, tr("Connections"), m_connections);
    connect(m_connections, &ConnectionsCard::notice, this, &SettingsView::notice);
    connect(m_connections, &ConnectionsCard::activeTasksChanged, this, &SettingsView::activeTasksChanged);
}

void SettingsView::setLog(const LogBook* log)
{
    m_log = new LogCard(log, [this] { return diagnostics(); });
    addPage(Page::Log, tr("Log"), m_log);
    connect(m_log, &LogCard::notice, this, [this](const QString& text) { Q_EMIT notice(text, {}, {}); });
}

void SettingsView::setFacts(const Facts& facts)
{
    m_facts = facts;
    while (QLayoutItem* item = m_place->body()->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    auto* holder = new QWidget(m_place);
    auto* place = new QGridLayout(holder);
    place->setContentsMargins(0, 0, 0, 0);
    place->setHorizontalSpacing(16);
    place->setVerticalSpacing(8);
    place->setColumnMinimumWidth(0, 140);
    place->setColumnStretch(1, 1);
    for (const auto& [name, value] :
        {std::pair(tr("Store"), facts.store), std::pair(tr("Chosen by"), facts.source),
            std::pair(tr("Workspace"), facts.workspace), std::pair(tr("Data folder"), facts.dataFolder),
            std::pair(tr("Settings file"), facts.settingsFile), std::pair(tr("Version"), facts.version)}) {
        if (!value.isEmpty())
            addFact(place, name, value);
    }
    m_place->body()->setSpacing(12);
    m_place->body()->addWidget(holder);
    m_place->body()->addWidget(
        note(tr("When the program starts, the store is the one of --store, --connection or "
                "LLM_CACHE_REDIS_URL; else the connection that was open last; else the file in the data "
                "folder.")));
    m_place->body()->addWidget(
        note(tr("No telemetry: the program sends nothing about you or its use to anybody. It talks to the "
                "stores that you connect, the providers that you ask, and addresses that you import prices "
                "from.")));
}

QString SettingsView::diagnostics() const
{
    QStringList lines;
    const auto add = [&lines](const QString& name, const QString& value) {
        if (!value.isEmpty())
            lines.append(QStringLiteral("%1: %2").arg(name, value));
    };
    add(QStringLiteral("version"), m_facts.version);
    add(QStringLiteral("Qt"), QString::fromLatin1(qVersion()));
    add(QStringLiteral("system"),
        QStringLiteral("%1, %2").arg(QSysInfo::prettyProductName(), QSysInfo::kernelVersion()));
    add(QStringLiteral("store"), m_facts.store);
    add(QStringLiteral("chosen by"), m_facts.source);
    add(QStringLiteral("workspace"), m_facts.workspace);
    add(QStringLiteral("data folder"), m_facts.dataFolder);
    add(QStringLiteral("appearance"),
        QStringLiteral("%1, %2").arg(colorSchemeName(m_theme->scheme()), densityName(m_theme->density())));
    return lines.join(u'\n');
}

void SettingsView::activate()
{
    focusPane(m_pages);
    if (m_prices) {
        m_prices->reload();
        m_keys->reload();
    }
    if (m_connections)
        m_connections->reload();
}

QList<QWidget*> SettingsView::panes()
{
    return {m_pages, m_stack};
}

void SettingsView::stopTasks()
{
    if (m_prices) {
        m_prices->stopTasks();
        m_keys->stopTasks();
    }
    if (m_connections)
        m_connections->stopTasks();
}

int SettingsView::activeTasks() const
{
    int sum = 0;
    if (m_prices)
        sum += m_prices->activeTasks() + m_keys->activeTasks();
    if (m_connections)
        sum += m_connections->activeTasks();
    return sum;
}

} // namespace llmcache::ui
