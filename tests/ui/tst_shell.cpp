#include "controlnames.h"
#include "guitest.h"
#include "settings/settingsview.h"
#include "shell/commandpalette.h"
#include "shell/fuzzymatch.h"
#include "shell/helpview.h"
#include "shell/mainwindow.h"
#include "shell/rail.h"
#include "shell/statusstrip.h"
#include "shell/view.h"
#include "shell/welcomepane.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"

#include <QAbstractItemModelTester>
#include <QAbstractItemView>
#include <QAction>
#include <QBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenuBar>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSplitter>
#include <QTextBlock>
#include <QTextBrowser>
#include <QToolButton>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::verifyControlNames;

namespace {

/// A view with two panes, commands and a task that it says is running.
class FakeView : public View {
    Q_OBJECT
public:
    FakeView(const QString& title, const QString& command)
        : m_title(title)
        , m_splitter(new QSplitter(this))
        , left(new QLineEdit(this))
        , right(new QLineEdit(this))
        , action(new QAction(command, this))
    {
        auto* layout = new QVBoxLayout(this);
        layout->addWidget(m_splitter);
        m_splitter->setObjectName(QStringLiteral("main"));
        m_splitter->addWidget(left);
        m_splitter->addWidget(right);
        left->setAccessibleName(QStringLiteral("left"));
        right->setAccessibleName(QStringLiteral("right"));
        connect(action, &QAction::triggered, this, [this] { ++triggered; });
    }
    ~FakeView() override
    {
        if (lastWord)
            Q_EMIT activeTasksChanged();
    }
    QString title() const override { return m_title; }
    void activate() override
    {
        ++activated;
        left->setFocus();
    }
    QList<QWidget*> panes() override { return {left, right}; }
    QList<QAction*> commands() override { return {action}; }
    void stopTasks() override { stopped = true; }
    int activeTasks() const override { return tasks; }
    QSplitter* splitter() const { return m_splitter; }

private:
    QString m_title;
    QSplitter* m_splitter;

public:
    QLineEdit* left;
    QLineEdit* right;
    QAction* action;
    int activated = 0;
    int triggered = 0;
    int tasks = 0;
    bool stopped = false;
    bool lastWord = false; ///< begins a task as it goes: saves what was typed
};

/// A class of its own: what the window remembers is kept by the name of the view's class.
class OtherView final : public FakeView {
    Q_OBJECT
public:
    using FakeView::FakeView;
};

/// A window with two views, settings and help.
struct Shell {
    explicit Shell(const QString& settingsFile)
        : settings(settingsFile, QSettings::IniFormat)
    {
        theme.apply(*qApp);
        window = std::make_unique<MainWindow>(&theme, &settings);
        first = new FakeView(QStringLiteral("Workbench"), QStringLiteral("New agent"));
        second = new OtherView(QStringLiteral("Cache"), QStringLiteral("Invalidate selected entries"));
        settingsView = new SettingsView(&theme, &settings);
        window->addView(first, IconName::Workbench, QStringLiteral("Work"));
        window->addView(second, IconName::Cache, QStringLiteral("Cache"));
        window->addView(
            settingsView, IconName::Settings, QStringLiteral("Settings"), MainWindow::Place::Bottom);
        window->addHelp();
        window->finishSetup();
    }
    bool show()
    {
        window->show();
        return QTest::qWaitForWindowActive(window.get());
    }
    template <typename T>
    T* find() const
    {
        return window->findChild<T*>();
    }

    Theme theme;
    QSettings settings;
    std::unique_ptr<MainWindow> window;
    FakeView* first;
    FakeView* second;
    SettingsView* settingsView;
};

} // namespace

class TestShell : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_directory = std::make_unique<QTemporaryDir>(); }

    void fuzzyMatching_data();
    void fuzzyMatching();
    void aViewMayBeginATaskAsItGoes();
    void fuzzyRanking();
    void firstViewIsActivatedOnceShown();
    void viewsByShortcutAndRail();
    void paletteFiltersAndRuns();
    void paletteIgnoresDisabledCommands();
    void paletteGivesTheFocusBack();
    void commandShortcutsBelongToTheirView();
    void f6GoesThroughThePanes();
    void altShowsTheMenuBar();
    void geometryAndSplittersAreRemembered();
    void viewIsRemembered();
    void storeDownIsSaidWithARemedy();
    void dismissedBannerLeavesTheStatus();
    void statusShowsWhatIsKnown();
    void settingsSwitchTheTheme();
    void settingsShowFactsOnce();
    void helpListsTheShortcuts();
    void helpFollowsItsLinks();
    void helpBringsTheWelcomeBack();
    void closingWaitsForTasks();
    void everythingHasAName();
    void fitsASmallScreen();
    void theWelcomeLeavesRoomForTheView();

private:
    QString settingsFile() const { return m_directory->filePath(QStringLiteral("settings.ini")); }
    std::unique_ptr<QTemporaryDir> m_directory;
};

void TestShell::fuzzyMatching_data()
{
    QTest::addColumn<QString>("pattern");
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("matches");
    QTest::newRow("empty") << QString() << QStringLiteral("New agent") << true;
    QTest::newRow("initials") << QStringLiteral("na") << QStringLiteral("New agent") << true;
    QTest::newRow("case") << QStringLiteral("NEW") << QStringLiteral("new agent") << true;
    QTest::newRow("spaces are ignored") << QStringLiteral("new ag") << QStringLiteral("New agent") << true;
    QTest::newRow("order matters") << QStringLiteral("an") << QStringLiteral("new a") << false;
    QTest::newRow("missing letter") << QStringLiteral("newx") << QStringLiteral("New agent") << false;
    QTest::newRow("longer than the text") << QStringLiteral("aaa") << QStringLiteral("aa") << false;
    QTest::newRow("empty text") << QStringLiteral("a") << QString() << false;
}

void TestShell::fuzzyMatching()
{
    QFETCH(QString, pattern);
    QFETCH(QString, text);
    QTEST(fuzzyScore(pattern, text).has_value(), "matches");
}

void TestShell::fuzzyRanking()
{
    const auto score = [](const char* pattern, const char* text) {
        return fuzzyScore(QString::fromLatin1(pattern), QString::fromLatin1(text)).value();
    };
    QVERIFY(score("run", "Run") > score("run", "Return unseen"));
    QVERIFY(score("na", "New agent") > score("na", "Invalidate"));
    QVERIFY(score("cost", "Go to Costs") > score("cost", "Copy shortest"));
}

void TestShell::firstViewIsActivatedOnceShown()
{
    Shell shell(settingsFile());
    QCOMPARE(shell.first->activated, 0);
    QVERIFY(shell.show());
    QCOMPARE(shell.first->activated, 1);
    QCOMPARE(shell.second->activated, 0);
    QVERIFY(shell.first->left->hasFocus());
}

void TestShell::viewsByShortcutAndRail()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    QSignalSpy changes(shell.window.get(), &MainWindow::currentViewChanged);
    QTest::keyClick(shell.window.get(), Qt::Key_2, Qt::ControlModifier);
    QCOMPARE(shell.window->currentView(), shell.second);
    QCOMPARE(shell.second->activated, 1);
    QCOMPARE(changes.size(), 1);
    QVERIFY(shell.window->windowTitle().startsWith(QStringLiteral("Cache")));
    const auto buttons = shell.find<Rail>()->findChildren<QToolButton*>();
    QVERIFY(buttons.at(1)->isChecked());
    QTest::mouseClick(buttons.at(0), Qt::LeftButton);
    QCOMPARE(shell.window->currentView(), shell.first);
    QTest::keyClick(shell.window.get(), Qt::Key_F1);
    QVERIFY(qobject_cast<HelpView*>(shell.window->currentView()));
}

void TestShell::aViewMayBeginATaskAsItGoes()
{
    Shell shell(m_directory->filePath(QStringLiteral("settings.ini")));
    QVERIFY(shell.show());
    const QSignalSpy idle(shell.window.get(), &MainWindow::idle);
    shell.window->close();
    QCOMPARE(idle.count(), 1);
    shell.first->lastWord = true;
    shell.window.reset(); // which nobody tells any more
    QCOMPARE(idle.count(), 1);
}

void TestShell::paletteFiltersAndRuns()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    auto* palette = shell.find<CommandPalette>();
    const QAbstractItemModelTester tester(palette->findChild<QAbstractItemView*>()->model(),
        QAbstractItemModelTester::FailureReportingMode::QtTest);
    QTest::keyClick(shell.window.get(), Qt::Key_K, Qt::ControlModifier);
    QVERIFY(palette->isVisible());
    QVERIFY(palette->shownCommands().contains(QStringLiteral("New agent")));
    QVERIFY(palette->shownCommands().contains(QStringLiteral("Go to Cache")));
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("inval"));
    QCOMPARE(palette->shownCommands(), QStringList{QStringLiteral("Invalidate selected entries")});
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    QVERIFY(!palette->isVisible());
    QCOMPARE(shell.second->triggered, 1);

    palette->open();
    QVERIFY(palette->shownCommands().size() > 3);
    const QString secondCommand = palette->shownCommands().at(1);
    QCOMPARE(secondCommand, QStringLiteral("Invalidate selected entries"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Down);
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    QCOMPARE(shell.second->triggered, 2);

    palette->open();
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("zzzz"));
    QCOMPARE(palette->shownCommands().size(), 0);
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    QVERIFY(!palette->isVisible());
}

void TestShell::paletteIgnoresDisabledCommands()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    shell.first->action->setEnabled(false);
    auto* palette = shell.find<CommandPalette>();
    palette->open();
    QVERIFY(!palette->shownCommands().contains(QStringLiteral("New agent")));
    delete shell.second->action;
    palette->open();
    QVERIFY(!palette->shownCommands().contains(QStringLiteral("Invalidate selected entries")));
}

void TestShell::paletteGivesTheFocusBack()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    shell.first->right->setFocus();
    auto* palette = shell.find<CommandPalette>();
    palette->open();
    QVERIFY(!shell.first->right->hasFocus());
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
    QVERIFY(!palette->isVisible());
    QVERIFY(shell.first->right->hasFocus());
    palette->open();
    shell.first->left->setFocus();
    QVERIFY(!palette->isVisible());
    QVERIFY(shell.first->left->hasFocus());
}

void TestShell::commandShortcutsBelongToTheirView()
{
    Shell shell(settingsFile());
    shell.first->action->setShortcut(QKeySequence(QStringLiteral("Ctrl+Return")));
    shell.second->action->setShortcut(QKeySequence(QStringLiteral("Ctrl+Return")));
    QVERIFY(shell.show());
    QTest::keyClick(shell.first->left, Qt::Key_Return, Qt::ControlModifier);
    QCOMPARE(shell.first->triggered, 1);
    shell.window->showView(shell.second);
    QTest::keyClick(shell.second->left, Qt::Key_Return, Qt::ControlModifier);
    QCOMPARE(shell.first->triggered, 1);
    QCOMPARE(shell.second->triggered, 1);
}

void TestShell::f6GoesThroughThePanes()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    QVERIFY(shell.first->left->hasFocus());
    const auto press = [&shell](Qt::KeyboardModifiers modifiers = {}) {
        QTest::keyClick(shell.window.get(), Qt::Key_F6, modifiers);
        return QApplication::focusWidget();
    };
    QCOMPARE(press(), shell.first->right);
    QVERIFY(shell.find<Rail>()->isAncestorOf(press()));
    QVERIFY(!shell.find<Rail>()->isAncestorOf(press()));
    QCOMPARE(press(), shell.first->left);
    QVERIFY(press(Qt::ShiftModifier) != shell.first->right);
    QVERIFY(shell.find<Rail>()->isAncestorOf(press(Qt::ShiftModifier)));
    QCOMPARE(press(Qt::ShiftModifier), shell.first->right);
    shell.first->left->setEnabled(false);
    QVERIFY(press(Qt::ShiftModifier) != shell.first->left);
}

void TestShell::altShowsTheMenuBar()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    QMenuBar* bar = shell.window->menuBar();
    QVERIFY(!bar->isVisible());
    QWindow* handle = shell.window->windowHandle();
    QTest::keyClick(handle, Qt::Key_Alt);
    QVERIFY(bar->isVisible());
    QTest::keyClick(handle, Qt::Key_Alt);
    QVERIFY(!bar->isVisible());
    // Alt as part of a combination is no wish for the menu.
    QTest::keyPress(handle, Qt::Key_Alt);
    QTest::keyClick(handle, Qt::Key_X, Qt::AltModifier);
    QTest::keyRelease(handle, Qt::Key_Alt);
    QVERIFY(!bar->isVisible());
}

void TestShell::geometryAndSplittersAreRemembered()
{
    QList<int> sizes;
    {
        Shell shell(settingsFile());
        shell.window->resize(1100, 720);
        QVERIFY(shell.show());
        shell.first->splitter()->setSizes({300, 600});
        sizes = shell.first->splitter()->sizes();
        QVERIFY(sizes.at(0) < sizes.at(1));
        shell.window->close();
    }
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    QCOMPARE(shell.window->size(), QSize(1100, 720));
    QCOMPARE(shell.first->splitter()->sizes(), sizes);
    const QList<int> other = shell.second->splitter()->sizes();
    QVERIFY(other != sizes);
}

void TestShell::viewIsRemembered()
{
    {
        Shell shell(settingsFile());
        QVERIFY(shell.show());
        shell.window->showView(shell.second);
        shell.window->close();
    }
    Shell shell(settingsFile());
    QCOMPARE(shell.window->currentView(), shell.second);
    QVERIFY(shell.show());
    QCOMPARE(shell.second->activated, 1);
    QCOMPARE(shell.first->activated, 0);
}

void TestShell::storeDownIsSaidWithARemedy()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    auto* banner = shell.find<ErrorBanner>();
    auto* status = shell.find<StatusStrip>();
    const QString redis = QStringLiteral("redis");
    const QString name = QStringLiteral("team-cache");
    shell.window->setStore(redis, name, false, {});
    QVERIFY(!banner->isVisible());
    QVERIFY(status->storeText().contains(QStringLiteral("connecting")));
    shell.window->setStore(redis, name, false, QStringLiteral("connection refused"));
    QVERIFY(banner->isVisible());
    QVERIFY(banner->what().contains(QStringLiteral("connection refused")));
    QVERIFY(banner->what().contains(name));
    QVERIFY(!banner->accessibleDescription().isEmpty());
    QVERIFY(status->storeText().contains(QStringLiteral("not connected")));
    const QSignalSpy retries(shell.window.get(), &MainWindow::retryRequested);
    QTest::mouseClick(banner->findChild<QPushButton*>(), Qt::LeftButton);
    QCOMPARE(retries.size(), 1);
    // The reason stays while it is being tried again, and goes when the store is back.
    shell.window->setStore(redis, name, false, {});
    QVERIFY(banner->isVisible());
    shell.window->setStore(redis, name, true, {});
    QVERIFY(!banner->isVisible());
    QCOMPARE(status->storeText(), QStringLiteral("redis · team-cache"));
    // Connected, but to whom? No banner, yet not to be overlooked.
    shell.window->setStore(redis, name, true, QStringLiteral("The certificate is not checked."));
    QVERIFY(!banner->isVisible());
    QCOMPARE(status->storeText(), QStringLiteral("redis · team-cache · not safe"));
}

void TestShell::dismissedBannerLeavesTheStatus()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    shell.window->setStore(
        QStringLiteral("sqlite"), QStringLiteral("cache.db"), false, QStringLiteral("disk full"));
    auto* banner = shell.find<ErrorBanner>();
    QTest::mouseClick(banner->findChild<QToolButton*>(), Qt::LeftButton);
    QVERIFY(!banner->isVisible());
    QVERIFY(shell.find<StatusStrip>()->storeText().contains(QStringLiteral("not connected")));
}

void TestShell::statusShowsWhatIsKnown()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    auto* status = shell.find<StatusStrip>();
    const auto shown = [status] {
        QStringList texts;
        for (const QLabel* label : status->findChildren<QLabel*>()) {
            if (label->isVisible() && !label->text().isEmpty())
                texts.append(label->text());
        }
        return texts.join(u'|');
    };
    QCOMPARE(shown(), QString());
    shell.window->setStore(QStringLiteral("redis"), QStringLiteral("team-cache"), true, {});
    shell.window->setLatency(std::chrono::microseconds(300));
    shell.window->setEntries(412'031);
    shell.window->setSavedToday(*Money::fromDecimal(QStringLiteral("38.2")));
    shell.window->setRunning(2);
    shell.window->setWorkspace(QStringLiteral("default"));
    for (const QString& part : {QStringLiteral("0.3 ms"), QStringLiteral("412,031 entries"),
             QStringLiteral("saved today $38.20"), QStringLiteral("2 running"), QStringLiteral("default")})
        QVERIFY2(shown().contains(part), qPrintable(shown()));
    shell.window->setRunning(0);
    shell.window->setEntries(-1);
    QVERIFY(!shown().contains(QStringLiteral("running")));
    QVERIFY(!shown().contains(QStringLiteral("entries")));
    // The round trip of a connection that is gone says nothing.
    shell.window->setStore(
        QStringLiteral("redis"), QStringLiteral("team-cache"), false, QStringLiteral("reset"));
    QVERIFY(!shown().contains(QStringLiteral("0.3 ms")));
}

void TestShell::settingsSwitchTheTheme()
{
    {
        Shell shell(settingsFile());
        QVERIFY(shell.show());
        shell.window->showView(shell.settingsView);
        const auto segments = shell.settingsView->findChildren<SegmentedControl*>();
        segments.at(0)->setCurrentIndex(2);
        QVERIFY(shell.theme.isDark());
        segments.at(1)->setCurrentIndex(1);
        QCOMPARE(shell.theme.density(), Density::Compact);
        // Somebody else switches: the control follows.
        shell.theme.setScheme(ColorScheme::Light);
        QCOMPARE(segments.at(0)->currentIndex(), 1);
        segments.at(0)->setCurrentIndex(2);
        shell.window->close();
    }
    Shell shell(settingsFile());
    QCOMPARE(shell.theme.scheme(), ColorScheme::Dark);
    QCOMPARE(shell.theme.density(), Density::Compact);
}

void TestShell::settingsShowFactsOnce()
{
    Shell shell(settingsFile());
    SettingsView::Facts facts;
    facts.store = QStringLiteral("redis · team-cache");
    facts.dataFolder = QStringLiteral("/home/ana/.local/share/llmcache");
    shell.settingsView->setFacts(facts);
    shell.settingsView->setFacts(facts);
    QStringList texts;
    for (const QLabel* label : shell.settingsView->findChildren<QLabel*>())
        texts.append(label->text());
    QCOMPARE(texts.count(facts.dataFolder), 1);
}

void TestShell::helpListsTheShortcuts()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    QTest::keyClick(shell.window.get(), Qt::Key_F1);
    auto* help = qobject_cast<HelpView*>(shell.window->currentView());
    auto* topics = help->findChild<QListWidget*>();
    auto* page = help->findChild<QTextBrowser*>();
    QVERIFY(topics->count() >= 4);
    for (int row = 0; row < topics->count(); ++row) {
        topics->setCurrentRow(row);
        const QString text = page->toPlainText();
        QVERIFY2(text.startsWith(topics->item(row)->text()), qPrintable(text));
        QVERIFY(text.size() > topics->item(row)->text().size() + 20);
    }
    const QString shortcuts = page->toPlainText();
    for (const QString& keys : {QStringLiteral("Ctrl+K"), QStringLiteral("Ctrl+2"), QStringLiteral("F6")})
        QVERIFY2(shortcuts.contains(keys), qPrintable(keys));
}

void TestShell::helpBringsTheWelcomeBack()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    shell.window->showWelcome(false);
    QTest::keyClick(shell.window.get(), Qt::Key_F1);
    View* const help = shell.window->currentView();
    auto* const button = help->findChild<QPushButton*>(QStringLiteral("show welcome"));
    QVERIFY(button && button->isVisible());
    QTest::mouseClick(button, Qt::LeftButton);
    QVERIFY(shell.window->welcome()->isVisible());
    QVERIFY(shell.window->currentView() != help); // it is above the first view
}

void TestShell::helpFollowsItsLinks()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    QTest::keyClick(shell.window.get(), Qt::Key_F1);
    auto* help = qobject_cast<HelpView*>(shell.window->currentView());
    auto* topics = help->findChild<QListWidget*>();
    auto* page = help->findChild<QTextBrowser*>();
    QCOMPARE(topics->currentRow(), 0);
    QPoint link;
    for (QTextBlock block = page->document()->begin(); block.isValid() && link.isNull();
         block = block.next()) {
        for (auto it = block.begin(); !it.atEnd(); ++it) {
            if (!it.fragment().charFormat().anchorHref().endsWith(QLatin1String("team-redis.md")))
                continue;
            QTextCursor cursor(page->document());
            cursor.setPosition(it.fragment().position() + 2);
            page->setTextCursor(cursor);
            page->ensureCursorVisible();
            link = page->cursorRect(cursor).center();
        }
    }
    QVERIFY(!link.isNull());
    QTest::mouseClick(page->viewport(), Qt::LeftButton, {}, link);
    QCOMPARE(topics->currentItem()->text(), QStringLiteral("A Redis for a team"));
    QVERIFY(page->toPlainText().startsWith(QLatin1String("A Redis for a team")));
}

void TestShell::closingWaitsForTasks()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    shell.second->tasks = 1;
    const QSignalSpy closing(shell.window.get(), &MainWindow::closing);
    const QSignalSpy idle(shell.window.get(), &MainWindow::idle);
    shell.window->close();
    QCOMPARE(closing.size(), 1);
    QVERIFY(shell.first->stopped);
    QVERIFY(shell.second->stopped);
    QCOMPARE(idle.size(), 0);
    shell.second->tasks = 0;
    Q_EMIT shell.second->activeTasksChanged();
    QCOMPARE(idle.size(), 1);
}

void TestShell::everythingHasAName()
{
    Shell shell(settingsFile());
    QVERIFY(shell.show());
    shell.window->setStore(QStringLiteral("redis"), QStringLiteral("x"), false, QStringLiteral("refused"));
    verifyControlNames(*shell.window, 9);
}

void TestShell::fitsASmallScreen()
{
    Shell shell(settingsFile());
    shell.window->resize(1024, 700);
    QVERIFY(shell.show());
    shell.window->setStore(QStringLiteral("redis"), QStringLiteral("a-name-that-is-long.example.org:6379/0"),
        false, QStringLiteral("the name could not be resolved"));
    shell.window->setEntries(412'031'000);
    shell.window->setSavedToday(*Money::fromDecimal(QStringLiteral("123456.78")));
    shell.window->setRunning(12);
    shell.window->setWorkspace(QStringLiteral("a-workspace-with-a-long-name"));
    QCoreApplication::processEvents();
    QCOMPARE(shell.window->size(), QSize(1024, 700));
    for (const QWidget* part : {static_cast<QWidget*>(shell.find<StatusStrip>()),
             static_cast<QWidget*>(shell.find<Rail>()), static_cast<QWidget*>(shell.find<ErrorBanner>())}) {
        const QRect area(part->mapTo(shell.window.get(), QPoint()), part->size());
        QVERIFY(shell.window->rect().contains(area));
    }
}

/// On a small screen the form below it was cut, Run with it.
void TestShell::theWelcomeLeavesRoomForTheView()
{
    constexpr int leastView = 500;
    Shell shell(settingsFile());
    shell.window->resize(1440, 900);
    QVERIFY(shell.show());
    shell.window->showWelcome(true);
    auto* const welcome = shell.find<WelcomePane>();
    const auto isExplained = [welcome] {
        const QList<QLabel*> labels = welcome->findChildren<QLabel*>();
        return std::count_if(labels.begin(), labels.end(), [](const QLabel* one) { return one->isVisible(); })
            > 1;
    };
    QTRY_VERIFY(welcome->isVisible());
    QVERIFY(isExplained());
    QTRY_VERIFY2(shell.first->height() >= leastView, qPrintable(QString::number(shell.first->height())));

    shell.window->resize(1024, 700);
    QTRY_VERIFY2(shell.first->height() >= leastView, qPrintable(QString::number(shell.first->height())));
    QVERIFY(welcome->isVisible());
    QVERIFY(!isExplained());
    for (const char* name : {"dismiss welcome", "welcome key", "welcome connect", "welcome sample"}) {
        const auto* const button = welcome->findChild<QAbstractButton*>(QString::fromLatin1(name));
        QVERIFY(button->isVisible());
        QVERIFY2(welcome->rect().contains(QRect(button->mapTo(welcome, QPoint()), button->size())), name);
    }
    // A problem is more important.
    shell.window->setStore(
        QStringLiteral("redis"), QStringLiteral("cache.example:6379/0"), false, QStringLiteral("no answer"));
    QTRY_VERIFY(!welcome->isVisible());
    QTRY_VERIFY2(shell.first->height() >= leastView, qPrintable(QString::number(shell.first->height())));
    shell.window->setStore(QStringLiteral("redis"), QStringLiteral("cache.example:6379/0"), true, {});
    QTRY_VERIFY(welcome->isVisible());
    shell.window->resize(1440, 900);
    QTRY_VERIFY(isExplained());
}

LLMCACHE_GUI_TEST_MAIN(TestShell)
#include "tst_shell.moc"
