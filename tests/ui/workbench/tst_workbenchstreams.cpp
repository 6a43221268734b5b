#include "streamingprovider.h"
#include "workbench/promptpanel.h"
#include "workbenchtest.h"

#include <QTabBar>
#include <QTimer>

#include <ctime>

using namespace llmcache;
using namespace llmcache::test;

namespace {

/// What the thread has computed so far, in milliseconds. Unlike the time that went by it does not depend on
/// who else keeps the machine busy.
double computedMs()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// Sanitizers make everything slower; what is measured is the program without them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double mostMs = 400;
#else
constexpr double mostMs = 50;
#endif

} // namespace

/// Much at once: many streams, long texts, large files.
class TestWorkbenchStreams : public WorkbenchTest {
    Q_OBJECT
private Q_SLOTS:
    void eightStreamsLeaveTheWindowResponsive();
    void outlookOfALongPromptLeavesTheWindowResponsive();
};

void TestWorkbenchStreams::eightStreamsLeaveTheWindowResponsive()
{
    constexpr int streams = 8;
    constexpr int tokens = 300;
    open();
    choose(echo);
    m_session->providers().setProvider(QStringLiteral("test"), std::make_unique<StreamingProvider>(tokens));
    // What is computed between two beats is what a click in between would have to wait for.
    double longestMs = 0;
    double beatMs = computedMs();
    QTimer heart;
    heart.setTimerType(Qt::PreciseTimer);
    connect(&heart, &QTimer::timeout, &heart, [&] {
        const double nowMs = computedMs();
        longestMs = std::max(longestMs, nowMs - std::exchange(beatMs, nowMs));
    });
    for (int stream = 0; stream < streams; ++stream) {
        type("prompt", QStringLiteral("Question %1").arg(stream));
        QTest::keyClick(find<ui::CodeEdit>("prompt"), Qt::Key_Return, Qt::ControlModifier);
    }
    beatMs = computedMs(); // keys that a test types wait for each other
    heart.start(1);
    auto* const tabs = find<QTabBar>("run tabs");
    QTRY_COMPARE_WITH_TIMEOUT(tabs->count(), streams, patience);
    const auto over = [&] {
        int misses = 0;
        for (int tab = 0; tab < tabs->count(); ++tab)
            misses += tabs->tabText(tab).endsWith(ui::badgeOf(Outcome::Miss).text) ? 1 : 0;
        return misses;
    };
    QTRY_COMPARE_WITH_TIMEOUT(over(), streams, patience);
    QCOMPARE(raw().count(QStringLiteral("token")), tokens);
    qInfo("longest wait for the event loop with %d streams: %.1f ms computed", streams, longestMs);
    QVERIFY(longestMs > 0);
    QVERIFY2(longestMs < mostMs, qPrintable(QString::number(longestMs)));
}

void TestWorkbenchStreams::outlookOfALongPromptLeavesTheWindowResponsive()
{
    open();
    choose(echo);
    const QString line = QStringLiteral("A line of a transcript that somebody pasted, with {{who}} in it.\n");
    m_view->setPrompt(
        line.repeated(1024 * 1024 / line.size()), {{QStringLiteral("who"), QStringLiteral("Ada")}});
    // As large as one may be: its bytes are part of the fingerprint.
    constexpr int size = 20 * 1024 * 1024;
    m_view->promptPanel()->setAttachments(
        {{QStringLiteral("application/pdf"), QByteArray(size, 'x'), {}, QStringLiteral("a.pdf")}});
    settle();
    const double beforeMs = computedMs();
    Q_EMIT m_view->promptPanel()->edited();
    QTRY_VERIFY_WITH_TIMEOUT(m_view->activeTasks() > 0, patience);
    settle();
    const double spentMs = computedMs() - beforeMs;
    qInfo("outlook of a long prompt: %.1f ms computed in the window's thread", spentMs);
    QVERIFY2(spentMs < mostMs, qPrintable(QString::number(spentMs)));
}

LLMCACHE_GUI_TEST_MAIN(TestWorkbenchStreams)
#include "tst_workbenchstreams.moc"
