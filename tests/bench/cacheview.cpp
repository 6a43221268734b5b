#include "cacheview.h"

#include "cache/cacheview.h"
#include "cache/entrydetail.h"
#include "cache/entrytable.h"
#include "cache/entrytablemodel.h"
#include "cache/request.h"
#include "cache/session.h"
#include "eventloop.h"
#include "store/textindex.h"
#include "theme/theme.h"
#include "waitfortask.h"

#include <QFile>
#include <QHeaderView>
#include <QLabel>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTimer>

#include <algorithm>
#include <functional>

namespace llmcache::bench {

namespace {

constexpr int frameMs = 16;

void waitFor(int milliseconds)
{
    waitUntil([] { return false; }, milliseconds);
}

/// Scrolls a table as a hand on the wheel does, draws each frame, and remembers how long the event loop stood
/// still in between.
class Scroller : public QObject {
public:
    explicit Scroller(ui::EntryTable* table)
        : m_table(table)
    {
        m_frame.setTimerType(Qt::PreciseTimer);
        m_tick.setTimerType(Qt::PreciseTimer);
        connect(&m_frame, &QTimer::timeout, this, [this] {
            QScrollBar* const bar = m_table->verticalScrollBar();
            m_down = bar->value() >= bar->maximum() ? false : bar->value() <= 0 ? true : m_down;
            bar->setValue(bar->value() + (m_down ? step : -step));
            m_table->viewport()->repaint();
        });
        connect(&m_tick, &QTimer::timeout, this, [this] {
            m_gaps.push_back(millisecondsOf(m_gap));
            m_gap.start();
        });
        m_gap.start();
        m_frame.start(frameMs);
        m_tick.start(1);
    }
    /// The longest standstill since the last call, and the one that 99 of 100 are below.
    std::pair<double, double> take()
    {
        std::sort(m_gaps.begin(), m_gaps.end());
        if (m_gaps.empty())
            return {};
        const std::pair<double, double> result(m_gaps.back(), m_gaps[m_gaps.size() * 99 / 100]);
        m_gaps.clear();
        return result;
    }

private:
    static constexpr int step = 140;
    ui::EntryTable* m_table;
    QTimer m_frame;
    QTimer m_tick;
    QElapsedTimer m_gap;
    std::vector<double> m_gaps;
    bool m_down = true;
};

/// What the process has in memory, without the pages of files: code that is run for the first time is read
/// then, and the system takes it back when it likes.
qint64 residentBytes()
{
    QFile file(QStringLiteral("/proc/self/statm"));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    constexpr qint64 pageSize = 4096;
    const QList<QByteArray> pages = file.readAll().split(' ');
    return (pages.value(1).toLongLong() - pages.value(2).toLongLong()) * pageSize;
}

/// Stores an answer of 10 MB, and returns its fingerprint.
QString storeLarge(Store* store, const QString& prompt, const Json& output)
{
    Request request;
    request.model = {QStringLiteral("test"), QStringLiteral("large")};
    request.prompt = prompt;
    Commit commit;
    commit.entry.request = toJson(request);
    commit.entry.output = output;
    commit.entry.meta.fingerprint = fingerprint(request);
    commit.entry.meta.model = QStringLiteral("test:large");
    commit.entry.meta.promptExcerpt = prompt;
    commit.ttl = std::chrono::hours(24);
    const QString fingerprint = commit.entry.meta.fingerprint;
    test::waitForTask(store->commit(std::move(commit)));
    return fingerprint;
}

std::vector<Figure> openFigures(const QString& kind, ui::CacheView* view, Store* store)
{
    const QString line = QStringLiteral("A sentence of an answer that goes on for a long time.\n");
    constexpr qsizetype size = 10'000'000;
    Json list = Json::array();
    for (int item = 0; item < 100'000; ++item)
        list.push_back(
            Json{{"number", item}, {"text", "A sentence of an answer that goes on for a long time."}});
    std::vector<Figure> figures;
    for (const auto& [name, output] :
        {std::pair(QStringLiteral("text"), Json(line.repeated(size / line.size()).toStdString())),
            std::pair(QStringLiteral("JSON"), list)}) {
        const QString stored = storeLarge(store, name, output);
        auto* detail = view->findChild<ui::EntryDetail*>();
        auto* table = view->findChild<ui::EntryTable*>();
        Scroller scroller(table);
        waitFor(200);
        scroller.take();
        QElapsedTimer timer;
        timer.start();
        view->showEntry(stored);
        const bool isThere = waitUntil([&] { return detail->isLoaded() && detail->fingerprint() == stored; });
        const double taken = millisecondsOf(timer);
        waitFor(200);
        if (!isThere)
            continue;
        figures.push_back(
            atMost(QStringLiteral("10 MB of %1 open, %2").arg(name, kind), taken, QStringLiteral("ms"), 300));
        figures.push_back(atMost(QStringLiteral("standstill for it, %1").arg(kind), scroller.take().first,
            QStringLiteral("ms"), 100));
    }
    return figures;
}

} // namespace

void cacheViewFigures(const QString& kind, const QString& url, const QString& workspace,
    const QString& folder, const Print& print)
{
    const qint64 before = residentBytes();
    qint64 during = 0;
    SessionConfig config;
    config.storeUrl = url;
    config.workspace = workspace;
    config.dataFolder = folder;
    Session session(config);
    if (auto* index = dynamic_cast<TextIndex*>(&session.store()))
        index->stopIndexing(); // takes memory of its own, for minutes
    ui::Theme theme;
    {
        ui::CacheView view(&theme, nullptr);
        view.resize(1384, 816);
        view.show();
        auto* table = view.findChild<ui::EntryTable*>();
        auto* model = view.findChild<ui::EntryTableModel*>();
        auto* state = view.findChild<QLabel*>(QStringLiteral("scanState"));
        test::waitForTask(session.store().status()); // connected, as it is when somebody opens the view
        QElapsedTimer timer;
        timer.start();
        view.setSession(&session);
        if (!waitUntil([&] { return model->rowCount() > 0; }))
            return;
        print(atMost(
            QStringLiteral("rows in sight, ") + kind, millisecondsOf(timer), QStringLiteral("ms"), 100));
        {
            Scroller scroller(table);
            waitUntil([&] { return state->text() == QLatin1String("scanned 100 %"); });
            print(atMost(QStringLiteral("all in the table, ") + kind, millisecondsOf(timer) / 1000,
                QStringLiteral("s"), 10));
            const auto [worst, usual] = scroller.take();
            print(atMost(
                QStringLiteral("worst frame while scanning, ") + kind, worst, QStringLiteral("ms"), 50));
            print(atMost(QStringLiteral("99 % of frames while scanning, ") + kind, usual,
                QStringLiteral("ms"), frameMs));
            waitUntil([&] { return !model->isArranging(); });
            scroller.take();
            waitFor(3000);
            print(atMost(QStringLiteral("worst frame while scrolling, ") + kind, scroller.take().first,
                QStringLiteral("ms"), frameMs));
        }
        during = residentBytes();
        for (const auto& [name, column] : {std::pair(QStringLiteral("cost"), ui::EntryColumn::Cost),
                 std::pair(QStringLiteral("agent"), ui::EntryColumn::Agent)}) {
            QSignalSpy arranged(model, &ui::EntryTableModel::arranged);
            timer.start();
            table->horizontalHeader()->setSortIndicator(static_cast<int>(column), Qt::DescendingOrder);
            waitUntil([&] { return arranged.count() > 0; });
            print(atMost(QStringLiteral("table sorted by %1, %2").arg(name, kind), millisecondsOf(timer),
                QStringLiteral("ms"), 300));
        }
        for (const Figure& figure : openFigures(kind, &view, &session.store()))
            print(figure);
        view.stopTasks();
        waitUntil([&] { return view.activeTasks() == 0; });
    }
    waitFor(3000); // memory is given back when all that the view showed is gone
    constexpr double megabyte = 1024 * 1024;
    Figure memory = atMost(QStringLiteral("memory kept after closing, ") + kind,
        static_cast<double>(std::max<qint64>(0, residentBytes() - before)) / megabyte, QStringLiteral("MB"),
        0.25);
    memory.reference = QStringLiteral("what it took while open");
    memory.referenceValue = std::max(1.0, static_cast<double>(during - before) / megabyte);
    print(memory);
}

} // namespace llmcache::bench
