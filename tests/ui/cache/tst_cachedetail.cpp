#include "cache/bulkchange.h"
#include "cache/entrydetail.h"
#include "cache/entryedit.h"
#include "cache/request.h"
#include "cache/valuetext.h"
#include "cacheviewtest.h"
#include "redisserver.h"
#include "sampleentries.h"
#include "store/rawentry.h"
#include "waitfortask.h"
#include "widgets/format.h"
#include "widgets/hexview.h"
#include "widgets/jsontree.h"
#include "widgets/markdownview.h"

#include <QComboBox>
#include <QLineEdit>
#include <QTabBar>
#include <QTextEdit>
#include <QToolButton>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::sampleEntry;
using llmcache::test::waitForTask;

/// What is shown of one entry, and of two beside each other.
class TestCacheDetail : public test::CacheViewTest {
    Q_OBJECT
private Q_SLOTS:
    void textIsRendered();
    void jsonIsATree();
    void requestIsShownInParts();
    void aRequestThatCannotBeRead();
    void schemaOfTheAgentToday();
    void answersThatFitNoLonger();
    void storesKeepBytes();
    void redisSaysHowItKeepsThem();
    void tagsAreAddedAndRemoved();
    void pinsSayWhoAndWhy();
    void twoEntriesAreCompared();
    void comparingEntriesThatAreGone();
    void enterOpensTheEntry();
    void theAnswerHasTheRoomOfALowPane();
    void whatCanNotBeReadIsNotShownAsAnother();
    void nothingIsHeldOfAnEntryThatIsNotShown();

private:
    /// Stores an entry with a real request, and shows it.
    void show(Entry entry);
    Entry profile(const QByteArray& answer) const;
    QString editText(const char* name) const { return find<QTextEdit>(name)->toPlainText(); }
    void choose(const char* segments, int index) const
    {
        find<QWidget>(segments)->findChildren<QPushButton*>().at(index)->click();
    }
    void openTab(const QString& title) const
    {
        auto* tabs = find<QTabBar>("detailTabs");
        for (int tab = 0; tab < tabs->count(); ++tab) {
            if (tabs->tabText(tab).startsWith(title))
                tabs->setCurrentIndex(tab);
        }
    }
};

namespace {

Json profileSchema()
{
    return parseJson(
        R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name"]})",
        QStringLiteral("schema"));
}

} // namespace

Entry TestCacheDetail::profile(const QByteArray& answer) const
{
    Request request;
    request.model = ModelRef::parse(QStringLiteral("test:large"));
    request.systemPrompts = {QStringLiteral("You read transcripts.")};
    request.instructions = QStringLiteral("Be brief.");
    request.history = {Message::user(QStringLiteral("Hi, my name is Alex")),
        Message::assistant(QStringLiteral("Hello Alex"))};
    request.prompt = QStringLiteral("Make a profile");
    request.output = OutputType::json(QStringLiteral("UserProfile"), profileSchema());
    request.settings.temperature = 0.2;
    Entry entry = sampleEntry(1, m_session->clock().nowMs());
    entry.request = toJson(request);
    entry.meta.fingerprint = fingerprint(request);
    entry.meta.agent = QStringLiteral("profiler");
    entry.meta.python = false;
    entry.meta.pinned = false;
    entry.meta.tags.clear();
    entry.output = parseJson(answer, QStringLiteral("answer"));
    return entry;
}

void TestCacheDetail::show(Entry entry)
{
    const QString fingerprint = entry.meta.fingerprint;
    Commit commit;
    commit.entry = std::move(entry);
    commit.ttl = std::chrono::hours(48);
    waitForTask(m_session->store().commit(std::move(commit)));
    if (!m_view)
        open();
    m_view->showEntry(fingerprint);
    auto* detail = find<EntryDetail>("entryDetail");
    QTRY_VERIFY_WITH_TIMEOUT(detail->isLoaded() && detail->fingerprint() == fingerprint, patience);
}

void TestCacheDetail::textIsRendered()
{
    Entry entry = sampleEntry(2, m_session->clock().nowMs());
    entry.output = Json("# Summary\n\nThe customer **agrees**.");
    show(entry);
    auto* rendered = find<MarkdownView>("answerRendered");
    QVERIFY(rendered->isVisible());
    QVERIFY2(rendered->toPlainText().contains(QStringLiteral("The customer agrees.")),
        qPrintable(rendered->toPlainText()));
    choose("textForms", 1);
    QVERIFY(!rendered->isVisible());
    QVERIFY(find<QWidget>("answerText")
                ->findChild<QTextEdit*>()
                ->toPlainText()
                .startsWith(QStringLiteral("# Su")));
    QVERIFY(!find<QWidget>("jsonForms")->isVisible());
}

void TestCacheDetail::jsonIsATree()
{
    show(profile(R"({"name":"Alex","age":30})"));
    QVERIFY(find<QWidget>("answerText")->isVisible());
    choose("jsonForms", 1);
    auto* tree = find<JsonTreeView>("answerTree");
    QVERIFY(tree->isVisible());
    QCOMPARE(tree->model()->index(0, 0).data().toString(), QStringLiteral("name"));
    QCOMPARE(tree->model()->index(0, 1).data().toString(), QStringLiteral("Alex"));
    choose("jsonForms", 2);
    QCOMPARE(find<QWidget>("answerRaw")->findChild<QTextEdit*>()->toPlainText(),
        QStringLiteral(R"({"name":"Alex","age":30})"));
}

void TestCacheDetail::requestIsShownInParts()
{
    show(profile(R"({"name":"Alex","age":30})"));
    openTab(QStringLiteral("Request"));
    const QString shown = editText("requestParts");
    for (const char* part :
        {"Model\ntest:large", "System prompt\nYou read transcripts.", "Instructions\nBe brief.",
            "History 1 · User\nHi, my name is Alex", "History 2 · Assistant\nHello Alex",
            "Prompt\nMake a profile", "Output · UserProfile", "\"temperature\": 0.2"})
        QVERIFY2(shown.contains(QString::fromUtf8(part)), qPrintable(shown));
    choose("requestForms", 1);
    QVERIFY(find<QWidget>("requestText")->isVisible());
}

void TestCacheDetail::aRequestThatCannotBeRead()
{
    Entry entry = sampleEntry(3, m_session->clock().nowMs()); // its request is of no known form
    show(entry);
    openTab(QStringLiteral("Request"));
    QVERIFY2(editText("requestParts").startsWith(QStringLiteral("This request can't be read")),
        qPrintable(editText("requestParts")));
}

void TestCacheDetail::schemaOfTheAgentToday()
{
    Agent agent;
    agent.name = QStringLiteral("profiler");
    agent.model = QStringLiteral("test:large");
    agent.output = OutputType::json(QStringLiteral("UserProfile"), profileSchema());
    waitForTask(m_session->store().saveAgent(agent, -1, QStringLiteral("ana"), 0));
    show(profile(R"({"name":"Alex","age":30})"));
    auto* tabs = find<QTabBar>("detailTabs");
    QTRY_COMPARE_WITH_TIMEOUT(tabs->tabText(4), QStringLiteral("Schema ✓"), patience);
    openTab(QStringLiteral("Schema"));
    QCOMPARE(text("schemaVerdict"), QStringLiteral("✓ FITS"));
    QCOMPARE(
        text("schemaNote"), QStringLiteral("The answer fits UserProfile, by agent profiler as it is now."));
    QVERIFY(!find<QWidget>("schemaForms")->isVisible());
}

void TestCacheDetail::answersThatFitNoLonger()
{
    Agent agent;
    agent.name = QStringLiteral("profiler");
    agent.model = QStringLiteral("test:large");
    Json schema = profileSchema();
    schema["required"].push_back("email");
    agent.output = OutputType::json(QStringLiteral("UserProfile"), schema);
    waitForTask(m_session->store().saveAgent(agent, -1, QStringLiteral("ana"), 0));
    show(profile(R"({"name":"Alex","age":30})"));
    auto* tabs = find<QTabBar>("detailTabs");
    QTRY_COMPARE_WITH_TIMEOUT(tabs->tabText(4), QStringLiteral("Schema ✕ 1"), patience);
    openTab(QStringLiteral("Schema"));
    QVERIFY2(
        text("schemaViolations").contains(QStringLiteral("email")), qPrintable(text("schemaViolations")));
    QVERIFY(
        text("schemaNote").endsWith(QStringLiteral("The schema is another one than when this was stored.")));
    choose("schemaForms", 1);
    QVERIFY(find<QTextEdit>("diffText")); // what changed
    // In the list, the whole workspace at once.
    waitForRows(1);
    const QObject listener;
    QString told;
    connect(m_view.get(), &CacheView::notice, &listener, [&told](const QString& notice) { told = notice; });
    for (QAction* command : m_view->commands()) {
        if (command->text().startsWith(QStringLiteral("Check answers")))
            command->trigger();
    }
    QTRY_COMPARE_WITH_TIMEOUT(told, QStringLiteral("Checked 1 answer: 1 do not fit, marked ✕"), patience);
    const auto flag = [this] {
        const QModelIndex cell = m_table->model()->index(0, int(EntryColumn::Flags));
        return cell.data().toString();
    };
    QCOMPARE(flag(), QStringLiteral("✕"));
    // That is known from then on, also of rows that were read anew,
    m_view->setSession(nullptr);
    waitForRows(0);
    m_view->setSession(m_session.get());
    waitForRows(1);
    QCOMPARE(flag(), QStringLiteral("✕"));
    // also when the entry is pinned, which is another revision with the same answer,
    clickRow(0);
    click("pinEntries");
    const auto isPinned = [this] {
        return m_table->model()->index(0, int(EntryColumn::Ttl)).data().toString() == QLatin1String("pinned");
    };
    QTRY_VERIFY_WITH_TIMEOUT(isPinned() && flag() == QStringLiteral("✕"), patience);
    // until the agent has another schema.
    QTest::keyClick(m_view.get(), Qt::Key_F5);
    QTRY_COMPARE_WITH_TIMEOUT(text("scanState"), QStringLiteral("scanned 100 %"), patience);
    QCOMPARE(flag(), QStringLiteral("✕"));
    agent.output = OutputType::json(QStringLiteral("UserProfile"), profileSchema());
    waitForTask(m_session->store().saveAgent(agent, -1, QStringLiteral("ana"), 0));
    QTest::keyClick(m_view.get(), Qt::Key_F5);
    QTRY_COMPARE_WITH_TIMEOUT(flag(), QStringLiteral("pin"), patience);
}

void TestCacheDetail::storesKeepBytes()
{
    show(profile(R"({"name":"Alex","age":30})"));
    openTab(QStringLiteral("Raw"));
    auto* field = find<QComboBox>("rawField");
    QTRY_VERIFY_WITH_TIMEOUT(field->count() > 5, patience);
    const int response = field->findData(QStringLiteral("response"));
    QVERIFY(response > 0);
    field->setCurrentIndex(response);
    QVERIFY(find<QWidget>("rawText")->findChild<QTextEdit*>()->toPlainText().contains(
        QStringLiteral("\"output\"")));
    choose("rawForms", 1);
    auto* hex = find<HexView>("rawHex");
    QVERIFY(hex->isVisible());
    QCOMPARE(hex->bytes().at(0), 'j');
    QVERIFY2(hex->lineText(0).startsWith(QStringLiteral("00000000  6a 7b 22 6f 75 74 70 75 74 22")),
        qPrintable(hex->lineText(0)));
    // It goes with the selection.
    Entry other = profile(R"({"name":"Sam"})");
    other.meta.fingerprint = QString(64, u'b');
    show(other);
    QTRY_VERIFY_WITH_TIMEOUT(hex->bytes().contains("Sam"), patience);
}

void TestCacheDetail::redisSaysHowItKeepsThem()
{
    if (!test::RedisServer::isInstalled())
        QSKIP(qPrintable(test::RedisServer::missingText()));
    test::RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    SessionConfig config = m_session->config();
    config.storeUrl = server.url();
    m_session = std::make_unique<Session>(config);
    const Entry entry = profile(R"({"name":"Alex","age":30})");
    show(entry);
    const auto raw = waitForTask(readRaw(&m_session->store(), entry.meta.fingerprint));
    QVERIFY(raw);
    QCOMPARE(raw->key, QStringLiteral("llmcache:default:entry:{%1}").arg(entry.meta.fingerprint));
    QCOMPARE(raw->type, QStringLiteral("hash"));
    QVERIFY(!raw->encoding.isEmpty());
    QVERIFY(raw->memoryBytes > raw->valueBytes());
    QVERIFY(raw->expiresMs);
    QVERIFY(!waitForTask(readRaw(&m_session->store(), QString(64, u'0'))));
    // And the window shows it.
    openTab(QStringLiteral("Raw"));
    const auto facts = [this] {
        QStringList texts;
        for (const QLabel* label : find<QWidget>("rawFacts")->findChildren<QLabel*>())
            texts += label->text();
        return texts;
    };
    QTRY_VERIFY_WITH_TIMEOUT(facts().contains(QStringLiteral("hash")), patience);
    const QString said = facts().join(QLatin1Char('\n'));
    for (const QString& fact : {raw->key, QStringLiteral("encoding ") + raw->encoding,
             format::fullTime(*raw->expiresMs), format::count(raw->valueBytes()),
             QStringLiteral(" in the server's memory"), QStringLiteral(" ms left")})
        QVERIFY2(said.contains(fact), qPrintable(fact + QStringLiteral(" is not in:\n") + said));
    closeAll();
}

void TestCacheDetail::tagsAreAddedAndRemoved()
{
    const Entry entry = profile(R"({"name":"Alex","age":30})");
    show(entry);
    auto* field = find<QWidget>("entryTags")->findChild<QLineEdit*>(QStringLiteral("addTag"));
    QTest::keyClicks(field, QStringLiteral("golden set"));
    QTest::keyClick(field, Qt::Key_Return);
    const auto tags = [&] {
        return waitForTask(m_session->store().lookup(entry.meta.fingerprint))->meta.tags;
    };
    QTRY_COMPARE_WITH_TIMEOUT(tags(), QStringList{QStringLiteral("golden set")}, patience);
    QTRY_VERIFY_WITH_TIMEOUT(find<QWidget>("entryTags")->findChild<QToolButton*>(), patience);
    QTest::mouseClick(find<QWidget>("entryTags")->findChild<QToolButton*>(), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(tags(), QStringList(), patience);
}

void TestCacheDetail::pinsSayWhoAndWhy()
{
    const Entry entry = profile(R"({"name":"Alex","age":30})");
    waitForTask(m_session->store().commit(Commit{entry, std::nullopt, {}}));
    BulkAction action{BulkAction::Kind::Pin};
    action.reason = QStringLiteral("checked by hand");
    BulkOptions options;
    options.by = QStringLiteral("ana");
    waitForTask(changeMany(&m_session->store(), {{entry.meta.fingerprint, 0}}, action, options));
    const auto note = [&] { return waitForTask(readPinNote(&m_session->store(), entry.meta.fingerprint)); };
    QCOMPARE(note().by, QStringLiteral("ana"));
    QCOMPARE(note().reason, QStringLiteral("checked by hand"));
    // An edit keeps it.
    const Entry pinned = *waitForTask(m_session->store().lookup(entry.meta.fingerprint));
    Json other = pinned.output;
    other["age"] = 31;
    waitForTask(saveEdit(&m_session->store(), nullptr, withOutput(pinned, other, QStringLiteral("ben")),
        QStringLiteral("ben"), m_session->clock().nowMs()));
    QCOMPARE(note().reason, QStringLiteral("checked by hand"));
    open();
    m_view->showEntry(entry.meta.fingerprint);
    QTRY_VERIFY_WITH_TIMEOUT(find<EntryDetail>("entryDetail")->isLoaded(), patience);
    const auto says = [&] {
        const auto labels = find<EntryDetail>("entryDetail")->findChildren<QLabel*>();
        return std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
            return label->text().contains(QStringLiteral("pinned by ana"))
                || label->toolTip().contains(QStringLiteral("pinned by ana"));
        });
    };
    QTRY_VERIFY_WITH_TIMEOUT(says(), patience);
    action.kind = BulkAction::Kind::Unpin;
    waitForTask(changeMany(&m_session->store(), {{entry.meta.fingerprint, 0}}, action, options));
    QCOMPARE(note().reason, QString());
}

void TestCacheDetail::twoEntriesAreCompared()
{
    Entry other = profile(R"({"name":"Alex","age":31})");
    other.request["prompt"] = "Make a long profile";
    other.meta.fingerprint = QString(64, u'c');
    show(profile(R"({"name":"Alex","age":30})"));
    show(other);
    waitForRows(2);
    m_table->selectAll();
    for (QAction* command : m_view->commands()) {
        if (command->text().startsWith(QStringLiteral("Compare")))
            command->trigger();
    }
    auto* compare = find<QWidget>("entryCompare");
    QVERIFY(compare->isVisible());
    const auto shown = [&] {
        return compare->findChild<QTextEdit*>(QStringLiteral("diffText"))->toPlainText();
    };
    QTRY_VERIFY_WITH_TIMEOUT(shown().contains(QStringLiteral("Answer · age")), patience);
    QVERIFY2(shown().contains(QStringLiteral("Request · prompt\nMake a long profile")), qPrintable(shown()));
    click("closeCompare");
    QVERIFY(!compare->isVisible());
    QVERIFY(find<QWidget>("entryDetail")->isVisible());
}

void TestCacheDetail::comparingEntriesThatAreGone()
{
    fill(2);
    openNotLive();
    waitForRows(2);
    waitForTask(m_session->store().removeEntries({fingerprintAt(0)}));
    m_table->selectAll();
    for (QAction* command : m_view->commands()) {
        if (command->text().startsWith(QStringLiteral("Compare")))
            command->trigger();
    }
    const auto labels = [&] { return find<QWidget>("entryCompare")->findChildren<QLabel*>(); };
    const auto says = [&](const QString& words) {
        const auto all = labels();
        return std::any_of(
            all.begin(), all.end(), [&](const QLabel* label) { return label->text().contains(words); });
    };
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("One of the entries is gone")), patience);
}

void TestCacheDetail::enterOpensTheEntry()
{
    fill(3);
    open();
    waitForRows(3);
    clickRow(1);
    QTest::keyClick(m_table, Qt::Key_Return);
    QVERIFY(find<QTabBar>("detailTabs")->hasFocus());
    QTRY_VERIFY_WITH_TIMEOUT(find<EntryDetail>("entryDetail")->isLoaded(), patience);
    QCOMPARE(find<EntryDetail>("entryDetail")->fingerprint(), fingerprintAt(1));
}

void TestCacheDetail::theAnswerHasTheRoomOfALowPane()
{
    show(profile(R"({"name":"Alex","age":30})"));
    auto* prompt = find<QWidget>("promptText");
    QVERIFY(prompt->isVisible());
    m_view->resize(m_view->width(), 580); // that of the smallest window
    QTRY_VERIFY(!prompt->isVisible());
    QTRY_VERIFY2(find<QWidget>("answerText")->height() >= 120,
        qPrintable(QString::number(find<QWidget>("answerText")->height())));
    m_view->resize(m_view->width(), 816);
    QTRY_VERIFY(prompt->isVisible());
}

void TestCacheDetail::whatCanNotBeReadIsNotShownAsAnother()
{
    show(profile(R"({"name":"Alex","age":30})"));
    EntryChange damaged;
    damaged.kind = EntryChange::Kind::Put;
    damaged.fingerprint = QString(64, u'c');
    damaged.fields = {{"v", "1"}, {"rev", "1"}, {"meta", "{"}, {"response", "{"}};
    const auto outcomes = waitForTask(m_session->store().changeEntries({damaged}));
    QCOMPARE(outcomes.front(), ChangeOutcome::Done);
    auto* detail = find<EntryDetail>("entryDetail");
    m_table->clearSelection(); // or a row that comes would have the selected one shown again
    detail->show(damaged.fingerprint);
    QTRY_COMPARE_WITH_TIMEOUT(text("detailTitle"), QStringLiteral("Unreadable entry"), patience);
    QVERIFY(!find<QTabBar>("detailTabs")->isVisible());
    QVERIFY(!find<QWidget>("answerText")->isVisible());
    QVERIFY(!find<QPushButton>("runAgain")->isEnabled());
    // And back.
    clickRow(0);
    QTRY_COMPARE_WITH_TIMEOUT(text("detailTitle"), QStringLiteral("profiler"), patience);
    QVERIFY(find<QWidget>("answerText")->isVisible());
}

void TestCacheDetail::nothingIsHeldOfAnEntryThatIsNotShown()
{
    const auto held = [this] {
        QStringList texts;
        for (const auto* value : m_view->findChildren<ValueText*>())
            texts += value->text();
        for (const auto* rendered : m_view->findChildren<MarkdownView*>())
            texts += rendered->markdown();
        for (const auto* tree : m_view->findChildren<JsonTreeView*>())
            texts += tree->jsonModel()->json() ? QStringLiteral("a tree") : QString();
        for (const auto* hex : m_view->findChildren<HexView*>())
            texts += QString::fromLatin1(hex->bytes().toHex());
        texts += editText("requestParts");
        texts.removeAll(QString());
        return texts;
    };
    Entry text = sampleEntry(2, m_session->clock().nowMs());
    text.output = Json("# Summary\n\nThe customer **agrees**.");
    show(text);
    choose("textForms", 1);
    choose("textForms", 0);
    show(profile(R"({"name":"Alex","age":30})"));
    QVERIFY2(!held().join(QLatin1Char('\n')).contains(QStringLiteral("# Summary")),
        qPrintable(held().join(QLatin1Char('\n')))); // of the one before
    choose("jsonForms", 1);
    openTab(QStringLiteral("Raw"));
    auto* field = find<QComboBox>("rawField");
    QTRY_VERIFY_WITH_TIMEOUT(field->count() > 5, patience);
    field->setCurrentIndex(field->findData(QStringLiteral("response")));
    choose("rawForms", 1);
    QVERIFY2(held().size() >= 6, qPrintable(held().join(QLatin1Char('\n'))));
    m_view->setSession(nullptr);
    QCOMPARE(held(), QStringList());
}

LLMCACHE_GUI_TEST_MAIN(TestCacheDetail)
#include "tst_cachedetail.moc"
