#pragma once

#include "cache/session.h"
#include "costs/chartcard.h"
#include "costs/costsview.h"
#include "costs/plotview.h"
#include "guitest.h"
#include "theme/theme.h"
#include "waitfortask.h"

#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTableView>
#include <QUuid>
#include <QVBoxLayout>

namespace llmcache::test {

constexpr int patience = 20'000;

/// A paid call as the tests of the view record it; what matters to one of them is changed there.
inline Call paidCall(qint64 timeMs, qint64 picodollars, const QString& model = QStringLiteral("openai:gpt-5"))
{
    Call call;
    call.timeMs = timeMs;
    call.agent = QStringLiteral("agent");
    call.task = QStringLiteral("task");
    call.user = QStringLiteral("ana");
    call.model = model;
    call.outcome = Outcome::Miss;
    call.attempts = 1;
    call.latency = std::chrono::milliseconds(100);
    call.fingerprint = QString(64, QLatin1Char('b'));
    call.cost = Money::fromPicodollars(picodollars);
    call.usage.inputTokens = 10;
    call.usage.outputTokens = 3;
    return call;
}

/// A window with a Costs view over a real SQLite ledger.
class CostsWindow {
public:
    CostsWindow()
    {
        theme.apply(*qApp);
        SessionConfig config;
        config.dataFolder = folder.filePath(QStringLiteral("data"));
        session = std::make_unique<Session>(config);
    }
    ~CostsWindow() { close(); }
    void close()
    {
        if (view) {
            view->stopTasks();
            [this] { QTRY_COMPARE_WITH_TIMEOUT(view->activeTasks(), 0, patience); }();
        }
        window.reset();
        view = nullptr;
    }
    void open(QSettings* settings = nullptr)
    {
        window = std::make_unique<QWidget>();
        view = new ui::CostsView(&theme, session.get(), settings);
        auto* column = new QVBoxLayout(window.get());
        column->addWidget(view->createHeader());
        column->addWidget(view, 1);
        window->resize(1384, 840);
        window->show();
        QVERIFY(QTest::qWaitForWindowExposed(window.get()));
        window->activateWindow();
        view->activate();
        settle();
    }
    /// Waits until everything that was asked has arrived. The look for new calls comes and goes.
    void settle() const { QTRY_COMPARE_WITH_TIMEOUT(view->activeTasks(), 0, patience); }
    void record(std::vector<Call> calls) const
    {
        for (Call& call : calls) {
            if (call.id.isEmpty())
                call.id = QUuid::createUuid().toString(QUuid::WithoutBraces);
        }
        waitForTask(session->store().recordCalls(std::move(calls)));
    }
    template <typename T>
    T* find(const QString& name) const
    {
        T* const found = window->findChild<T*>(name);
        return found ? found : (QTest::qFail(qPrintable(name), __FILE__, __LINE__), nullptr);
    }
    ui::ChartCard* chart(const char* name) const
    {
        return find<ui::ChartCard>(QStringLiteral("chart ") + QLatin1String(name));
    }
    QString tile(const char* name) const
    {
        return find<QFrame>(QStringLiteral("tile ") + QLatin1String(name))
            ->accessibleName()
            .section(QStringLiteral(": "), 1);
    }
    int calls() const { return find<QTableView>(QStringLiteral("calls"))->model()->rowCount(); }

    QTemporaryDir folder;
    ui::Theme theme;
    std::unique_ptr<Session> session;
    std::unique_ptr<QWidget> window;
    ui::CostsView* view = nullptr;
};

} // namespace llmcache::test
