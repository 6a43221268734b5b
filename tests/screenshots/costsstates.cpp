#include "costsstates.h"

#include "cache/session.h"
#include "costs/chartcard.h"
#include "costs/costsview.h"
#include "costs/filterbar.h"
#include "costs/repricedialog.h"
#include "theme/theme.h"
#include "waitfortask.h"

#include <QAction>
#include <QEventLoop>
#include <QMenu>
#include <QPushButton>
#include <QTableView>
#include <QTemporaryDir>
#include <QTimer>
#include <QUuid>
#include <QVBoxLayout>

namespace llmcache::screenshots {

namespace {

constexpr qint64 hourMs = 3'600'000;

/// A window with the view over a ledger.
class CostsScene {
public:
    CostsScene(const ui::Theme& theme, const QSize& size, const QString& storeUrl = {})
    {
        SessionConfig config;
        config.dataFolder = m_folder.filePath(QStringLiteral("data"));
        config.storeUrl = storeUrl;
        m_session = std::make_unique<Session>(config);
        m_view = new ui::CostsView(&theme, m_session.get());
        auto* header = m_view->createHeader();
        header->setContentsMargins(16, 8, 16, 0);
        auto* column = new QVBoxLayout(&m_window);
        column->setContentsMargins(0, 0, 0, 0);
        column->addWidget(header);
        column->addWidget(m_view, 1);
        m_window.resize(size);
    }
    ~CostsScene()
    {
        m_view->stopTasks();
        while (m_view->activeTasks() > 0)
            wait(10);
        delete m_view;
    }
    CostsScene(const CostsScene&) = delete;
    CostsScene& operator=(const CostsScene&) = delete;

    qint64 nowMs() const { return m_session->clock().nowMs(); }
    void record(std::vector<Call> calls) const
    {
        for (Call& call : calls)
            call.id = QUuid::createUuid().toString(QUuid::WithoutBraces);
        test::waitForTask(m_session->store().recordCalls(std::move(calls)));
    }
    /// Without waiting for what it asks for.
    void open()
    {
        m_window.show();
        m_view->activate();
    }
    void settle() const
    {
        constexpr int roundMs = 60;
        for (int quiet = 0; quiet < 4;) {
            wait(roundMs);
            quiet = m_view->activeTasks() == 0 ? quiet + 1 : 0;
        }
    }
    ui::CostsView& view() const { return *m_view; }
    Session& session() const { return *m_session; }
    QWidget* window() { return &m_window; }
    template <typename T>
    T* find(const char* name) const
    {
        return m_window.findChild<T*>(QLatin1String(name));
    }

private:
    static void wait(int milliseconds)
    {
        QEventLoop loop;
        QTimer::singleShot(milliseconds, &loop, &QEventLoop::quit);
        loop.exec();
    }
    QTemporaryDir m_folder;
    std::unique_ptr<Session> m_session;
    QWidget m_window;
    ui::CostsView* m_view = nullptr;
};

Call callAt(qint64 timeMs, const QString& model, const char* dollars)
{
    Call call;
    call.timeMs = timeMs;
    call.agent = QStringLiteral("profiler");
    call.task = QStringLiteral("make_profile");
    call.user = QStringLiteral("ana");
    call.host = QStringLiteral("desk");
    call.model = model;
    call.attempts = 1;
    call.latency = std::chrono::milliseconds(2'310);
    call.fingerprint = QString(64, QLatin1Char('4'));
    call.usage.inputTokens = 1'830;
    call.usage.outputTokens = 212;
    call.usage.requests = 1;
    if (dollars)
        call.cost = Money::fromDecimal(QLatin1String(dollars));
    return call;
}

/// Two months of some models and tasks, with hits.
std::vector<Call> busyLedger(qint64 nowMs)
{
    const QStringList models{QStringLiteral("anthropic:claude-haiku-4-5"),
        QStringLiteral("openai:gpt-5-mini"), QStringLiteral("anthropic:claude-sonnet-4-5"),
        QStringLiteral("mistral:mistral-small-latest")};
    const QStringList tasks{QStringLiteral("make_profile"), QStringLiteral("call_summary"),
        QStringLiteral("route_ticket"), QStringLiteral("translate")};
    std::vector<Call> calls;
    for (int at = 0; at < 1'400; ++at) {
        Call call = callAt(nowMs - 1'000 - at * hourMs, models.at(at % 7 % 4), nullptr);
        call.task = tasks.at(at % 5 % 4);
        call.user = at % 3 == 0 ? QStringLiteral("ana") : QStringLiteral("ben");
        const Money price = Money::fromPicodollars(qint64{1'200'000'000} + qint64{37'000'003} * (at % 91));
        call.outcome = at % 5 < 3 ? Outcome::Hit : at % 61 == 4 ? Outcome::Failed : Outcome::Miss;
        const bool isHit = call.outcome == Outcome::Hit;
        call.cost = isHit ? Money() : price;
        if (isHit) {
            call.avoided = price;
            call.attempts = 0;
            call.latency = std::chrono::milliseconds(1);
        }
        call.usage.inputTokens += at % 400;
        call.usage.cacheReadTokens = at % 3 * 200;
        calls.push_back(std::move(call));
    }
    return calls;
}

void chooseMenu(const CostsScene& scene, const char* button, const QString& text)
{
    for (QAction* action : scene.find<QPushButton>(button)->menu()->actions()) {
        if (action->text() == text)
            action->trigger();
    }
}

} // namespace

void takeCostsStates(
    const ui::Theme& theme, const QSize& size, const std::function<void(const QString&, QWidget*)>& save)
{
    const auto take = [&](CostsScene& scene, const char* name) {
        scene.settle();
        save(QStringLiteral("costs-state-") + QLatin1String(name), scene.window());
    };
    {
        CostsScene scene(theme, size);
        scene.open();
        take(scene, "empty");
    }
    {
        CostsScene scene(theme, size);
        scene.record({callAt(scene.nowMs() - 1'000, QStringLiteral("ollama:llama3.2"), nullptr)});
        scene.open();
        take(scene, "unpriced");
    }
    {
        CostsScene scene(theme, size);
        scene.record(
            {callAt(scene.nowMs() - 1'000, QStringLiteral("anthropic:claude-haiku-4-5"), "0.00289")});
        scene.open();
        take(scene, "one-call");
    }
    {
        CostsScene scene(theme, size);
        std::vector<Call> calls;
        for (int model = 1; model <= 200; ++model) {
            calls.push_back(callAt(scene.nowMs() - model * 3 * hourMs,
                QStringLiteral("openrouter:vendor-%1/model-%2").arg(model % 9).arg(model), nullptr));
            calls.back().cost = Money::fromPicodollars(model * qint64{310'000'000});
        }
        scene.record(std::move(calls));
        scene.open();
        take(scene, "200-models");
    }
    {
        CostsScene scene(theme, size, QStringLiteral("redis://127.0.0.1:1"));
        scene.open();
        take(scene, "error");
    }
    CostsScene scene(theme, size);
    scene.record(busyLedger(scene.nowMs()));
    scene.open();
    save(QStringLiteral("costs-state-loading"), scene.window());
    scene.settle();
    auto* const calls = scene.find<QTableView>("calls");
    calls->setCurrentIndex(calls->model()->index(3, 0));
    take(scene, "call");
    calls->setCurrentIndex({});
    scene.view().filters()->setFilters(
        {{Dimension::Task, {QStringLiteral("make_profile"), QStringLiteral("call_summary")}},
            {Dimension::User, {QStringLiteral("ana")}}, {Dimension::Outcome, {QStringLiteral("miss")}}});
    scene.settle();
    const ui::ChartData data = scene.find<ui::ChartCard>("chart spend")->data();
    Q_EMIT scene.find<ui::ChartCard>("chart spend")->chosen(data.columns.at(data.columns.size() - 3), {});
    take(scene, "chips");
    scene.view().filters()->setFilters({});
    scene.settle();
    scene.view().filters()->open(Dimension::Model);
    scene.settle();
    auto* const popup = scene.find<QFrame>("filter values");
    save(QStringLiteral("costs-state-popup"), popup);
    popup->close();
    for (ui::ChartCard* chart : scene.window()->findChildren<ui::ChartCard*>())
        chart->showAsTable(true);
    for (ui::BreakdownCard* card : scene.window()->findChildren<ui::BreakdownCard*>())
        card->showAsTable(true);
    take(scene, "tables");
    for (ui::ChartCard* chart : scene.window()->findChildren<ui::ChartCard*>())
        chart->showAsTable(false);
    for (ui::BreakdownCard* card : scene.window()->findChildren<ui::BreakdownCard*>())
        card->showAsTable(false);
    scene.view().setBucket(Dimension::Minute);
    take(scene, "coarser");
    scene.view().setBucket({});
    chooseMenu(scene, "range", ui::rangeName(ui::CostsRange::Today));
    take(scene, "today");
    scene.view().setRange(ui::CostsRange::Month);
    scene.settle();
    scene.find<QPushButton>("open repricing")->click();
    scene.settle();
    auto* const dialog = scene.find<ui::RepriceDialog>("reprice");
    save(QStringLiteral("costs-state-reprice"), dialog);
    dialog->close();
}

} // namespace llmcache::screenshots
