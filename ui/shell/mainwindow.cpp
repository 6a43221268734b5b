#include "shell/mainwindow.h"

#include "settings/settingsview.h"
#include "shell/commandpalette.h"
#include "shell/connectionbutton.h"
#include "shell/helpview.h"
#include "shell/panes.h"
#include "shell/rail.h"
#include "shell/statusstrip.h"
#include "shell/topbar.h"
#include "shell/view.h"
#include "shell/welcomepane.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"
#include "widgets/toast.h"

#include <QAction>
#include <QApplication>
#include <QCloseEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMenuBar>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QWindow>

namespace llmcache::ui {

MainWindow::MainWindow(Theme* theme, QSettings* settings, QWidget* parent)
    : QMainWindow(parent)
    , m_theme(theme)
    , m_settings(settings)
    , m_rail(new Rail(theme, this))
    , m_topBar(new TopBar(this))
    , m_bannerBox(new QWidget(this))
    , m_storeBanner(new ErrorBanner(theme, m_bannerBox))
    , m_message(new ErrorBanner(theme, m_bannerBox))
    , m_welcome(new WelcomePane(theme, m_bannerBox))
    , m_connection(new ConnectionButton(theme, m_topBar))
    , m_production(new Badge(BadgeKind::Error, tr("▲ PRODUCTION"), m_topBar))
    , m_readOnly(new Badge(BadgeKind::Neutral, tr("READ-ONLY"), m_topBar))
    , m_edge(new ProductionEdge(theme, this))
    , m_stack(new QStackedWidget(this))
    , m_status(new StatusStrip(this))
{
    restoreAppearance(theme, *settings);
    setWindowTitle(QStringLiteral("LLM Cache Workbench"));
    setMinimumSize(880, 560);
    auto* central = new QWidget(this);
    auto* row = new QHBoxLayout(central);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    auto* column = new QVBoxLayout;
    column->setSpacing(0);
    auto* bannerLayout = new QVBoxLayout(m_bannerBox);
    bannerLayout->setContentsMargins(12, 8, 12, 8);
    bannerLayout->setSpacing(8);
    bannerLayout->addWidget(m_storeBanner);
    bannerLayout->addWidget(m_message);
    bannerLayout->addWidget(m_welcome);
    m_bannerBox->hide();
    m_welcome->hide();
    m_topBar->addLeading(m_connection);
    m_topBar->addLeading(m_production);
    m_topBar->addLeading(m_readOnly);
    // Until somebody says what there is to switch to.
    m_connection->hide();
    m_production->hide();
    m_readOnly->hide();
    column->addWidget(m_edge);
    column->addWidget(m_topBar);
    column->addWidget(m_bannerBox);
    column->addWidget(m_stack, 1);
    column->addWidget(m_status);
    row->addWidget(m_rail);
    row->addLayout(column, 1);
    setCentralWidget(central);
    m_palette = new CommandPalette(theme, central);
    m_toasts = new ToastHost(theme, central);

    buildMenus();
    connect(m_rail, &Rail::activated, this, &MainWindow::activatePage);
    connect(m_topBar, &TopBar::searchRequested, m_palette, &CommandPalette::open);
    connect(m_storeBanner, &ErrorBanner::actionTriggered, this, &MainWindow::retryRequested);
    connect(m_storeBanner, &ErrorBanner::dismissed, this, &MainWindow::updateBannerBox);
    connect(m_message, &ErrorBanner::dismissed, this, &MainWindow::updateBannerBox);
    connect(m_message, &ErrorBanner::actionTriggered, this, [this] {
        m_message->clear();
        updateBannerBox();
        if (const auto action = std::exchange(m_messageAction, {}))
            action();
    });
    connect(m_welcome, &WelcomePane::dismissed, this, [this] { showWelcome(false); });
    qApp->installEventFilter(this);

    resize(1440, 900);
    restoreGeometry(m_settings->value(QStringLiteral("window/geometry")).toByteArray());
}

MainWindow::~MainWindow()
{
    // The views go after this: what they begin as they do (a draft is saved) is not for half a window.
    for (const Page& page : std::as_const(m_pages))
        page.view->disconnect(this);
}

void MainWindow::buildMenus()
{
    const auto add = [this](const QString& text, const QKeySequence& keys, auto slot) {
        auto* action = new QAction(text, this);
        action->setShortcut(keys);
        connect(action, &QAction::triggered, this, slot);
        // A hidden menu bar does not deliver shortcuts; the window does.
        addAction(action);
        m_windowActions.append(action);
        return action;
    };
    QAction* palette =
        add(tr("Search or run a command"), QKeySequence(tr("Ctrl+K")), [this] { m_palette->open(); });
    QAction* next = add(tr("Next pane"), QKeySequence(Qt::Key_F6), [this] { moveFocus(true); });
    QAction* previous =
        add(tr("Previous pane"), QKeySequence(Qt::SHIFT | Qt::Key_F6), [this] { moveFocus(false); });
    QAction* light = add(tr("Switch between light and dark"), {}, [this] {
        m_theme->setScheme(m_theme->isDark() ? ColorScheme::Light : ColorScheme::Dark);
        saveAppearance(*m_theme, *m_settings);
    });
    QAction* quit = add(tr("Quit"), QKeySequence(tr("Ctrl+Q")), [this] { close(); });

    QMenu* file = menuBar()->addMenu(tr("&File"));
    file->addAction(palette);
    file->addSeparator();
    file->addAction(quit);
    m_viewMenu = menuBar()->addMenu(tr("&View"));
    m_viewMenu->addActions({next, previous});
    m_viewMenu->addSeparator();
    m_viewMenu->addAction(light);
    m_viewMenu->addSeparator();
    m_helpMenu = menuBar()->addMenu(tr("&Help"));
    m_welcomeCommand = add(tr("Show the welcome"), {}, [this] {
        activatePage(0); // it is above the first view
        showWelcome(true);
    });
    m_helpMenu->addAction(m_welcomeCommand);
    menuBar()->hide();
    for (const QMenu* menu : {file, m_viewMenu, m_helpMenu})
        connect(menu, &QMenu::triggered, menuBar(), &QWidget::hide);
    m_windowCommands = {next, previous, light, m_welcomeCommand, quit};
}

void MainWindow::addView(View* view, IconName icon, const QString& label, Place place)
{
    auto* action = new QAction(tr("Go to %1").arg(view->title()), this);
    if (place == Place::Top)
        action->setShortcut(QKeySequence(QStringLiteral("Ctrl+%1").arg(++m_topViews)));
    const QString keys = action->shortcut().toString(QKeySequence::NativeText);
    const int index = m_rail->addItem(icon, label,
        keys.isEmpty() ? view->title() : QStringLiteral("%1 (%2)").arg(view->title(), keys),
        place == Place::Top ? Rail::Place::Top : Rail::Place::Bottom);
    connect(action, &QAction::triggered, this, [this, index] { activatePage(index); });
    addAction(action);
    m_viewMenu->addAction(action);

    QWidget* header = view->createHeader();
    if (!header) {
        header = new QWidget;
        auto* row = new QHBoxLayout(header);
        row->setContentsMargins(0, 0, 0, 0);
        row->addWidget(makeLabel(view->title(), Tone::Normal, TextSize::Large, QFont::DemiBold, header));
        row->addStretch();
    }
    m_topBar->addHeader(header);
    m_stack->addWidget(view);
    m_pages.append({view, header, action});
    const QList<QAction*> commands = view->commands();
    for (QAction* command : commands) {
        // Shortcuts of a view work while it is shown, wherever the focus is in it.
        command->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        view->addAction(command);
    }
    m_palette->addCommands(view->title(), commands);
    connect(view, &View::activeTasksChanged, this, &MainWindow::checkIdle);
    if (m_pages.size() == 1)
        activatePage(0);
}

void MainWindow::addHelp()
{
    m_help = new HelpView(m_theme);
    QList<HelpView::Shortcut> shortcuts;
    const auto append = [&shortcuts](const QString& group, const QAction* action) {
        const QString keys = action->shortcut().toString(QKeySequence::NativeText);
        if (!keys.isEmpty())
            shortcuts.append({group, QString(action->text()).remove(u'&'), keys});
    };
    for (const QAction* action : std::as_const(m_windowActions))
        append(tr("Everywhere"), action);
    for (const Page& page : std::as_const(m_pages))
        append(tr("Everywhere"), page.action);
    shortcuts.append({tr("Everywhere"), tr("Show the menu bar"), tr("Alt")});
    for (const Page& page : std::as_const(m_pages)) {
        for (const QAction* action : page.view->commands())
            append(page.view->title(), action);
    }
    m_help->setShortcuts(shortcuts);
    connect(m_help, &HelpView::welcomeRequested, m_welcomeCommand, &QAction::trigger);
    addView(m_help, IconName::Help, tr("Help"), Place::Bottom);
    m_pages.constLast().action->setShortcut(QKeySequence(Qt::Key_F1));
    m_helpMenu->addAction(m_pages.constLast().action);
}

void MainWindow::showView(View* view)
{
    for (qsizetype i = 0; i < m_pages.size(); ++i) {
        if (m_pages.at(i).view == view)
            activatePage(static_cast<int>(i));
    }
}

View* MainWindow::currentView() const
{
    return m_pages.isEmpty() ? nullptr : m_pages.at(m_stack->currentIndex()).view;
}

void MainWindow::addCommands(const QString& group, const QList<QAction*>& actions)
{
    addActions(actions);
    m_palette->addCommands(group, actions);
}

void MainWindow::activatePage(int index)
{
    const Page& page = m_pages.at(index);
    m_rail->setCurrent(index);
    m_stack->setCurrentIndex(index);
    m_topBar->showHeader(page.header);
    updateBannerBox();
    updateTitle();
    // Before the first show nothing needs data yet, and another view may still be chosen.
    if (isVisible())
        page.view->activate();
    Q_EMIT currentViewChanged(page.view);
}

void MainWindow::finishSetup()
{
    // Last in the palette: what belongs to the views comes first there.
    for (const Page& page : std::as_const(m_pages))
        m_palette->addCommands(tr("Window"), {page.action});
    m_palette->addCommands(tr("Window"), m_windowCommands);
    const QString last = m_settings->value(QStringLiteral("window/view")).toString();
    for (qsizetype i = 0; i < m_pages.size(); ++i) {
        View* view = m_pages.at(i).view;
        for (QSplitter* splitter : view->splitters()) {
            const QString key = QStringLiteral("splitters/%1/%2").arg(keyOf(view), splitter->objectName());
            const QByteArray state = m_settings->value(key).toByteArray();
            if (!state.isEmpty())
                splitter->restoreState(state);
        }
        if (keyOf(view) == last)
            activatePage(static_cast<int>(i));
    }
}

void MainWindow::saveState()
{
    m_settings->setValue(QStringLiteral("window/geometry"), saveGeometry());
    if (const View* view = currentView())
        m_settings->setValue(QStringLiteral("window/view"), keyOf(view));
    for (const Page& page : std::as_const(m_pages)) {
        for (const QSplitter* splitter : page.view->splitters())
            m_settings->setValue(
                QStringLiteral("splitters/%1/%2").arg(keyOf(page.view), splitter->objectName()),
                splitter->saveState());
    }
    m_settings->sync();
}

QString MainWindow::keyOf(const View* view) const
{
    return QString::fromLatin1(view->metaObject()->className()).section(QStringLiteral("::"), -1);
}

int MainWindow::activeTasks() const
{
    int sum = 0;
    for (const Page& page : m_pages)
        sum += page.view->activeTasks();
    return sum;
}

void MainWindow::setStore(const QString& kind, const QString& name, bool connected, const QString& problem)
{
    m_status->setStore(kind, name, connected, problem);
    // While it is being connected again, the reason why it was down stays.
    if (!connected && problem.isEmpty())
        return;
    if (connected) {
        m_storeBanner->clear();
        updateBannerBox();
        return;
    }
    // What to do about it is in the problem's own words.
    m_storeBanner->showProblem(tr("The %1 store %2 can't be reached: %3").arg(kind, name, problem),
        tr("Runs go on without the cache, so each one is paid."), tr("Retry"));
    updateBannerBox();
}

void MainWindow::updateBannerBox()
{
    fitWelcome();
    m_bannerBox->setVisible(!m_storeBanner->isHidden() || !m_message->isHidden() || !m_welcome->isHidden());
}

/// Shows the welcome above the first view (elsewhere it would only take the room), in the form that leaves
/// the view enough to be used; none while a problem takes what a low window has.
void MainWindow::fitWelcome()
{
    constexpr int leastView = 500;
    const QMargins margins = m_bannerBox->layout()->contentsMargins();
    const int wide = width() - m_rail->sizeHint().width() - margins.left() - margins.right();
    int room = height() - m_topBar->sizeHint().height() - m_status->sizeHint().height() - leastView
        - margins.top() - margins.bottom();
    for (const ErrorBanner* banner : {m_storeBanner, m_message}) {
        if (!banner->isHidden())
            room -= banner->heightForWidth(wide) + m_bannerBox->layout()->spacing();
    }
    const auto fits = [this, wide, room](bool compact) {
        m_welcome->setCompact(compact);
        return m_welcome->heightForWidth(wide) <= room;
    };
    const bool isWanted = m_isWelcoming && m_stack->currentIndex() <= 0;
    m_welcome->setVisible(isWanted && (fits(false) || fits(true)));
}

void MainWindow::resizeEvent(QResizeEvent* event)
{
    QMainWindow::resizeEvent(event);
    updateBannerBox();
}

void MainWindow::showMessage(const QString& what, const QString& remedy, bool isError, const QString& action,
    std::function<void()> run)
{
    m_messageAction = std::move(run);
    m_message->showProblem(
        what, remedy, action, isError ? ErrorBanner::Severity::Error : ErrorBanner::Severity::Warning);
    updateBannerBox();
}

void MainWindow::clearMessage(const QString& what)
{
    if (m_message->isHidden() || m_message->what() != what)
        return;
    m_messageAction = {};
    m_message->clear();
    updateBannerBox();
}

void MainWindow::showWelcome(bool shown)
{
    m_isWelcoming = shown;
    m_settings->setValue(QStringLiteral("window/welcome"), shown);
    updateBannerBox();
}

void MainWindow::setConnection(const ConnectionLook& look)
{
    m_connectionName = look.name;
    m_connection->setLook(look);
    m_production->setVisible(look.production);
    m_readOnly->setVisible(look.readOnly);
    m_edge->setLook(look);
    updateTitle();
}

void MainWindow::updateTitle()
{
    const View* view = currentView();
    QStringList parts;
    if (view)
        parts.append(view->title());
    if (!m_connectionName.isEmpty())
        parts.append(m_connectionName);
    parts.append(QStringLiteral("LLM Cache Workbench"));
    setWindowTitle(parts.join(QStringLiteral(" – ")));
}

void MainWindow::setLatency(std::chrono::microseconds latency)
{
    m_status->setLatency(latency);
}

void MainWindow::setEntries(qint64 entries)
{
    m_status->setEntries(entries);
}

void MainWindow::setSavedToday(const Money& saved)
{
    m_status->setSavedToday(saved);
}

void MainWindow::setRunning(int running)
{
    m_status->setRunning(running);
}

void MainWindow::setWorkspace(const QString& workspace)
{
    m_status->setWorkspace(workspace);
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    saveState();
    event->accept();
    m_closed = true;
    for (const Page& page : std::as_const(m_pages))
        page.view->stopTasks();
    Q_EMIT closing();
    checkIdle();
}

void MainWindow::checkIdle()
{
    if (m_closed && activeTasks() == 0)
        Q_EMIT idle();
}

void MainWindow::showEvent(QShowEvent* event)
{
    QMainWindow::showEvent(event);
    m_closed = false;
    if (m_activated)
        return;
    m_activated = true;
    if (View* view = currentView())
        view->activate();
}

void MainWindow::moveFocus(bool forward)
{
    QList<QWidget*> panes;
    if (View* view = currentView())
        panes = view->panes();
    panes.append({m_storeBanner, m_rail, m_topBar});
    focusNextPane(panes, forward);
}

void MainWindow::toggleMenuBar()
{
    QMenuBar* bar = menuBar();
    bar->setVisible(!bar->isVisible());
    if (!bar->isVisible())
        return;
    bar->setFocus(Qt::MenuBarFocusReason);
    bar->setActiveAction(bar->actions().constFirst());
}

bool MainWindow::eventFilter(QObject* watched, QEvent* event)
{
    // Alt pressed and released with nothing between shows or hides the menu bar.
    if (event->type() == QEvent::KeyPress && isActiveWindow()) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (watched == windowHandle())
            m_altAlone = key->key() == Qt::Key_Alt && !key->isAutoRepeat();
        if (key->key() == Qt::Key_Escape && watched == menuBar())
            menuBar()->hide();
    } else if (event->type() == QEvent::KeyRelease && isActiveWindow() && watched == windowHandle()) {
        if (m_altAlone && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Alt)
            toggleMenuBar();
        m_altAlone = false;
    } else if (event->type() == QEvent::MouseButtonPress) {
        m_altAlone = false;
    }
    return QMainWindow::eventFilter(watched, event);
}

} // namespace llmcache::ui
