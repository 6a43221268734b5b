// What the menu of each chart and each breakdown copies and saves.

#include "costsviewtest.h"

#include <QClipboard>
#include <QFileDialog>
#include <QToolButton>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::CostsWindow;
using llmcache::test::patience;

class TestCostsExport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyMenuCopiesAndSaves_data();
    void everyMenuCopiesAndSaves();
};

void TestCostsExport::everyMenuCopiesAndSaves_data()
{
    QTest::addColumn<CostsPage>("page");
    QTest::addColumn<int>("card"); // of those with a menu on the page
    QTest::newRow("spend") << CostsPage::Spend << 0;
    QTest::newRow("by model") << CostsPage::Spend << 1;
    QTest::newRow("by task") << CostsPage::Spend << 2;
    QTest::newRow("saved") << CostsPage::Cache << 0;
    QTest::newRow("hit rate") << CostsPage::Cache << 1;
    QTest::newRow("tokens") << CostsPage::Tokens << 0;
    QTest::newRow("cost per run") << CostsPage::Tokens << 1;
    QTest::newRow("latency") << CostsPage::Latency << 0;
    QTest::newRow("latency of hits") << CostsPage::Latency << 1;
    QTest::newRow("errors") << CostsPage::Latency << 2;
}

void TestCostsExport::everyMenuCopiesAndSaves()
{
    QFETCH(CostsPage, page);
    QFETCH(int, card);
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    Call paid;
    paid.timeMs = now - 1;
    paid.model = QStringLiteral("openai:gpt-5");
    paid.task = QStringLiteral("task");
    paid.attempts = 1;
    paid.latency = std::chrono::milliseconds(100);
    paid.cost = Money::fromPicodollars(4);
    paid.usage.inputTokens = 10;
    Call hit = paid;
    hit.outcome = Outcome::Hit;
    hit.avoided = Money::fromPicodollars(9);
    Call failed = paid;
    failed.outcome = Outcome::Failed;
    costs.record({paid, hit, failed});
    costs.open();
    costs.view->setPage(page);
    costs.settle();
    std::vector<QToolButton*> menus;
    for (QToolButton* button : costs.window->findChildren<QToolButton*>()) {
        if (button->isVisible() && button->accessibleName().startsWith(QStringLiteral("What to do with")))
            menus.push_back(button);
    }
    std::sort(menus.begin(), menus.end(), [&](const QToolButton* left, const QToolButton* right) {
        return left->mapTo(costs.window.get(), QPoint()).x() < right->mapTo(costs.window.get(), QPoint()).x();
    });
    const auto choose = [menu = menus.at(static_cast<std::size_t>(card))->menu()](const char* text) {
        for (QAction* action : menu->actions()) {
            if (action->text() == QString::fromUtf8(text)) {
                action->trigger();
                return true;
            }
        }
        return false;
    };
    QVERIFY(choose("Copy picture"));
    QVERIFY(QApplication::clipboard()->image().width() > 200);
    QVERIFY(choose("Copy table as CSV"));
    const QString csv = QApplication::clipboard()->text();
    QVERIFY2(csv.count(QLatin1Char('\n')) >= 2 && csv.contains(QLatin1Char(',')), qPrintable(csv));
    for (const char* kind : {"PNG", "SVG", "CSV"}) {
        QVERIFY(choose(qPrintable(QStringLiteral("Save as %1…").arg(QLatin1String(kind)))));
        auto* const dialog = costs.window->findChild<QFileDialog*>();
        QVERIFY(dialog);
        const QString path =
            costs.folder.filePath(QStringLiteral("file.") + QString::fromLatin1(kind).toLower());
        Q_EMIT dialog->fileSelected(path);
        delete dialog;
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path), patience);
        costs.settle();
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray content = file.readAll();
        if (qstrcmp(kind, "PNG") == 0)
            QVERIFY(QImage::fromData(content, "PNG").width() > 200);
        else if (qstrcmp(kind, "SVG") == 0)
            QVERIFY(content.contains("<svg") && content.contains("</svg>"));
        else
            QCOMPARE(QString::fromUtf8(content), csv);
    }
}

LLMCACHE_GUI_TEST_MAIN(TestCostsExport)
#include "tst_costsexport.moc"
