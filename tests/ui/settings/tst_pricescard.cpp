#include "cache/session.h"
#include "cost/pricefiles.h"
#include "guitest.h"
#include "settings/pricemodels.h"
#include "settings/settingsview.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QFile>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSettings>
#include <QSignalSpy>
#include <QTableView>
#include <QVBoxLayout>

using namespace llmcache;
using namespace llmcache::ui;

namespace {

constexpr int patience = 10'000;
const QString acme = QStringLiteral("acme:large");

/// A table in the project's schema with one model.
QByteArray tableOf(const char* model, const char* input)
{
    return QByteArray(
               R"({"schema": 1, "version": "2026-11-24", "providers": [{"id": "acme", "prefixes": ["acme"],)")
        + R"("models": [{"id": ")" + model + R"(", "match": [{"exact": ")" + model
        + R"("}], "prices": [{"input": ")" + input + R"(", "output": "15"}]}]}]})";
}

} // namespace

class TestPricesCard : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void costsAreSetByTyping();
    void badCostsAreRefusedInPlace();
    void costsAreChangedAndRemoved();
    void changesOfOthersAreSeen();
    void badFilesAreNamed();
    void tablesArePreviewedFirst();
    void builtInTableAndBack();
    void badSourcesAreRefusedInPlace();
    void changesElsewhereInTheWindowAreSeen();
    void everythingHasAName();

private:
    template <typename T>
    T* find(const char* name) const
    {
        T* const found = m_view->findChild<T*>(QString::fromLatin1(name));
        return found ? found : (QTest::qFail(name, __FILE__, __LINE__), nullptr);
    }
    void open();
    void fillField(const char* name, const QString& text) const
    {
        auto* const field = find<QLineEdit>(name);
        field->setFocus();
        field->selectAll();
        if (text.isEmpty())
            QTest::keyClick(field, Qt::Key_Delete);
        else
            QTest::keyClicks(field, text);
    }
    void click(const char* name) const { QTest::mouseClick(find<QPushButton>(name), Qt::LeftButton); }
    void settle() const { QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience); }
    CustomCosts costs() const { return PriceFiles(m_folder->path()).customCosts(); }
    /// What the banner that is shown says; empty without one.
    QString problem() const
    {
        for (const ErrorBanner* banner : m_view->findChildren<ErrorBanner*>()) {
            if (banner->isVisible())
                return banner->what();
        }
        return {};
    }
    QStringList labels() const
    {
        QStringList texts;
        for (const QLabel* label : m_view->findChildren<QLabel*>()) {
            if (label->isVisible())
                texts.append(label->text());
        }
        return texts;
    }
    bool says(const QString& text) const { return !labels().filter(text).isEmpty(); }
    QString write(const char* name, const QByteArray& text) const
    {
        QFile file(m_folder->filePath(QLatin1String(name)));
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
            QTest::qFail(name, __FILE__, __LINE__);
        return file.fileName();
    }
    QString inputPrice(const QString& model) const
    {
        const auto known = m_session->runner().prices().find(model);
        return known ? known->inputPerMillion : QString();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<SettingsView> m_view;
    std::function<void()> m_undo;
};

void TestPricesCard::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_theme = std::make_unique<Theme>();
    m_theme->apply(*qApp);
    m_settings =
        std::make_unique<QSettings>(m_folder->filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
}

void TestPricesCard::cleanup()
{
    if (m_view) {
        m_view->stopTasks();
        settle();
    }
    m_view.reset();
    m_session.reset();
    m_undo = {};
}

void TestPricesCard::open()
{
    SessionConfig config;
    config.dataFolder = m_folder->path();
    m_session = std::make_unique<Session>(config);
    m_view = std::make_unique<SettingsView>(m_theme.get(), m_settings.get());
    m_view->setSession(m_session.get());
    connect(m_view.get(), &SettingsView::notice, this,
        [this](const QString&, const QString&, const std::function<void()>& undo) { m_undo = undo; });
    m_view->resize(900, 1200);
    m_view->showPage(SettingsView::Page::Prices);
    m_view->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_view.get()));
    m_view->activateWindow();
    m_view->activate();
    settle();
}

void TestPricesCard::costsAreSetByTyping()
{
    open();
    auto* const table = find<QTableView>("custom costs");
    const QAbstractItemModelTester tester(
        table->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    QVERIFY(!table->isVisible());
    QVERIFY(says(QStringLiteral("No model has custom costs")));
    QVERIFY(!find<QPushButton>("set costs")->isEnabled());
    fillField("custom model", acme);
    fillField("custom price 0", QStringLiteral("3"));
    QVERIFY(!find<QPushButton>("set costs")->isEnabled());
    fillField("custom price 1", QStringLiteral("15"));
    fillField("custom price 3", QStringLiteral("0.3"));
    click("set costs");
    settle();
    QCOMPARE(costs(),
        (CustomCosts{{acme, {QStringLiteral("3"), QStringLiteral("15"), {}, QStringLiteral("0.3")}}}));
    QVERIFY(table->isVisible());
    QVERIFY(!says(QStringLiteral("No model has custom costs")));
    QCOMPARE(table->model()->index(0, CustomCostsModel::CacheRead).data().toString(), QStringLiteral("$0.3"));
    QCOMPARE(table->currentIndex().row(), 0);
    // The next run pays these prices.
    QCOMPARE(m_session->runner().prices().customCosts(), costs());
}

void TestPricesCard::badCostsAreRefusedInPlace()
{
    open();
    fillField("custom model", acme);
    fillField("custom price 0", QStringLiteral("3"));
    fillField("custom price 1", QStringLiteral("-1"));
    QTest::keyClick(find<QLineEdit>("custom price 1"), Qt::Key_Return);
    settle();
    QVERIFY2(problem().contains(QStringLiteral("-1")), qUtf8Printable(problem()));
    QVERIFY(costs().isEmpty());
    // What was typed is still there, to be corrected.
    QCOMPARE(find<QLineEdit>("custom model")->text(), acme);
    fillField("custom price 1", QStringLiteral("1"));
    QTest::keyClick(find<QLineEdit>("custom price 1"), Qt::Key_Return);
    settle();
    QCOMPARE(problem(), QString());
    QCOMPARE(costs().size(), 1);
}

void TestPricesCard::costsAreChangedAndRemoved()
{
    const ModelCosts before{QStringLiteral("3"), QStringLiteral("15"), {}, {}};
    PriceFiles(m_folder->path()).setCosts(acme, before);
    PriceFiles(m_folder->path()).setCosts(QStringLiteral("acme:small"), before);
    open();
    auto* const table = find<QTableView>("custom costs");
    QCOMPARE(table->model()->rowCount(), 2);
    QTest::mouseClick(table->viewport(), Qt::LeftButton, {},
        table->visualRect(table->model()->index(0, CustomCostsModel::Model)).center());
    QCOMPARE(find<QLineEdit>("custom model")->text(), acme);
    QCOMPARE(find<QLineEdit>("custom price 1")->text(), QStringLiteral("15"));
    fillField("custom price 1", QStringLiteral("20"));
    click("set costs");
    settle();
    QCOMPARE(costs().value(acme).costPerMillionOutputTokens, QStringLiteral("20"));
    click("remove costs");
    settle();
    QCOMPARE(costs().keys(), QStringList{QStringLiteral("acme:small")});
    QVERIFY(m_undo);
    m_undo();
    settle();
    QCOMPARE(costs().value(acme).costPerMillionOutputTokens, QStringLiteral("20"));
}

void TestPricesCard::changesOfOthersAreSeen()
{
    open();
    const QSignalSpy changed(m_session.get(), &Session::pricesChanged);
    PriceFiles(m_folder->path()).setCosts(acme, {QStringLiteral("3"), QStringLiteral("15"), {}, {}});
    m_view->activate();
    settle();
    QCOMPARE(find<QTableView>("custom costs")->model()->rowCount(), 1);
    QCOMPARE(m_session->runner().prices().customCosts(), costs());
    QCOMPARE(changed.count(), 1);
}

void TestPricesCard::badFilesAreNamed()
{
    const QString file = write("custom-prices.json", R"({"acme:large": {"inptu": "3"}})");
    open();
    QVERIFY2(problem().contains(file), qUtf8Printable(problem()));
    QVERIFY2(problem().contains(QStringLiteral("inptu")), qUtf8Printable(problem()));
    QVERIFY(QFile::remove(file));
    m_view->activate();
    settle();
    QCOMPARE(problem(), QString());
}

void TestPricesCard::tablesArePreviewedFirst()
{
    open();
    auto* const changes = find<QTableView>("price changes");
    const QAbstractItemModelTester tester(
        changes->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    fillField("price source", write("table.json", tableOf("one", "3")));
    QTest::keyClick(find<QLineEdit>("price source"), Qt::Key_Return);
    settle();
    QVERIFY(changes->isVisible());
    QCOMPARE(changes->model()->rowCount(), 2);
    const auto text = [changes](int row, int column) {
        return changes->model()->index(row, column).data().toString();
    };
    QCOMPARE(text(0, PriceChangesModel::Model), QStringLiteral("acme:one"));
    QCOMPARE(text(0, PriceChangesModel::Price), QStringLiteral("input"));
    QCOMPARE(text(0, PriceChangesModel::Before), QStringLiteral("–"));
    QCOMPARE(text(0, PriceChangesModel::After), QStringLiteral("$3"));
    // Looking has changed nothing.
    QVERIFY(!PriceFiles(m_folder->path()).hasTable());
    QCOMPARE(inputPrice(QStringLiteral("acme:one")), QString());
    click("use prices");
    settle();
    QVERIFY(!changes->isVisible());
    QVERIFY(PriceFiles(m_folder->path()).hasTable());
    QCOMPARE(inputPrice(QStringLiteral("acme:one")), QStringLiteral("3"));
    QVERIFY(says(QStringLiteral("Imported table of")));

    fillField("price source", m_folder->filePath(QStringLiteral("table.json")));
    click("preview prices");
    settle();
    QVERIFY(says(QStringLiteral("Nothing would change")));
    QVERIFY(!find<QPushButton>("use prices")->isEnabled());
}

void TestPricesCard::builtInTableAndBack()
{
    PriceFiles(m_folder->path()).useTable(tableOf("one", "3"));
    PriceFiles(m_folder->path()).setCosts(acme, {QStringLiteral("3"), QStringLiteral("15"), {}, {}});
    open();
    QVERIFY(find<QPushButton>("built-in prices")->isVisible());
    click("built-in prices");
    settle();
    QVERIFY(!PriceFiles(m_folder->path()).hasTable());
    QCOMPARE(inputPrice(QStringLiteral("acme:one")), QString());
    QVERIFY(says(QStringLiteral("Built-in table of")));
    QVERIFY(!find<QPushButton>("built-in prices")->isVisible());
    QCOMPARE(costs().size(), 1);
    m_undo();
    settle();
    QCOMPARE(inputPrice(QStringLiteral("acme:one")), QStringLiteral("3"));
}

void TestPricesCard::badSourcesAreRefusedInPlace()
{
    open();
    fillField("price source", QStringLiteral("/nowhere/prices.json"));
    click("preview prices");
    settle();
    QVERIFY2(problem().contains(QStringLiteral("/nowhere/prices.json")), qUtf8Printable(problem()));
    QVERIFY(!find<QTableView>("price changes")->isVisible());
    // A table with an absurd price is refused by name, until such models are to be left out.
    const QByteArray doubtful =
        R"([{"id": "acme", "models": [)"
        R"({"id": "one", "match": {"equals": "one"}, "prices": {"input_mtok": 1}},)"
        R"({"id": "two", "match": {"equals": "two"}, "prices": {"input_mtok": -1}}]}])";
    fillField("price source", write("doubtful.json", doubtful));
    QTest::keyClick(find<QLineEdit>("price source"), Qt::Key_Return);
    settle();
    QVERIFY2(problem().contains(QStringLiteral("two")), qUtf8Printable(problem()));
    QTest::mouseClick(m_view->findChild<QCheckBox*>(), Qt::LeftButton, {}, QPoint(8, 8));
    settle();
    QCOMPARE(problem(), QString());
    QVERIFY(find<QTableView>("price changes")->isVisible());
    QVERIFY(m_view->findChild<QPlainTextEdit*>()->toPlainText().contains(QStringLiteral("two")));
}

void TestPricesCard::changesElsewhereInTheWindowAreSeen()
{
    open();
    settle();
    // As the page of prices in the Costs view does.
    PriceFiles files(m_folder->path());
    files.setCosts(acme, {QStringLiteral("4"), QStringLiteral("8"), {}, {}});
    m_session->setPrices(files.load());
    const auto* const model = find<QTableView>("custom costs")->model();
    QTRY_COMPARE_WITH_TIMEOUT(model->rowCount(), 1, patience);
    QCOMPARE(model->index(0, CustomCostsModel::Model).data().toString(), acme);
    settle();
}

void TestPricesCard::everythingHasAName()
{
    open();
    for (const QLineEdit* field : m_view->findChildren<QLineEdit*>()) {
        if (field->isVisible())
            QVERIFY2(!field->accessibleName().isEmpty(), qUtf8Printable(field->objectName()));
    }
}

LLMCACHE_GUI_TEST_MAIN(TestPricesCard)
#include "tst_pricescard.moc"
