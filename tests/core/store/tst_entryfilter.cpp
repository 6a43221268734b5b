#include "store/entryfilter.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

namespace {

constexpr qint64 nowMs = 1'795'435'200'000; // 2026-11-23 12:00 UTC
constexpr qint64 day = 86'400'000;

qint64 at(const char* isoTime)
{
    return QDateTime::fromString(QLatin1String(isoTime), Qt::ISODate).toMSecsSinceEpoch();
}

EntryMeta refundTicket()
{
    EntryMeta entry;
    entry.fingerprint = QStringLiteral("9f2c41d0").repeated(8);
    entry.model = QStringLiteral("anthropic:claude-haiku-4-5");
    entry.agent = QStringLiteral("triage");
    entry.task = QStringLiteral("route_ticket");
    entry.author = QStringLiteral("ana");
    entry.createdMs = nowMs - 3 * day;
    entry.usage.inputTokens = 1830;
    entry.usage.outputTokens = 212;
    entry.cost = Money::fromDecimal(QStringLiteral("0.00289"));
    entry.bytes = 4200;
    entry.promptExcerpt = QStringLiteral("Ticket 88213: the refund for order 17 did not arrive");
    entry.answerExcerpt = QStringLiteral("{\"queue\": \"billing\", \"Größe\": 3}");
    entry.tags = {QStringLiteral("night"), QStringLiteral("batch-7")};
    entry.hits = 41;
    entry.lastUsedMs = nowMs - day;
    entry.expiresMs = nowMs + 12 * day;
    return entry;
}

EntryFilter parse(const QString& text)
{
    return EntryFilter::parse(text, QTimeZone::utc(), nowMs);
}

} // namespace

class TestEntryFilter : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void matches_data();
    void matches();
    void properties_data();
    void properties();
    void unknownNumbersMatchNoComparison();
    void narrowedIsOfBoth();
    void datesAreDaysOfTheZone();
    void errorsPointAtTheColumn_data();
    void errorsPointAtTheColumn();
    void hugeAndDeepFiltersAreRefused();
    void anyTextParsesOrFailsCleanly();
    void termsKnowTheirPlace();
};

void TestEntryFilter::matches_data()
{
    QTest::addColumn<bool>("expected");
    const auto yes = [](const char* filter) { QTest::newRow(filter) << true; };
    const auto no = [](const char* filter) { QTest::newRow(filter) << false; };
    yes("");
    yes("   ");
    yes("refund");
    yes("REFUND order");
    no("refund parcel");
    yes("\"refund for order\"");
    no("\"order refund\"");
    yes("billing");
    yes("GRÖSSE OR größe");
    yes("haiku");
    yes("9f2c");
    yes("9F2C41D0");
    no("9f2"); // too short for a fingerprint
    no("41d0"); // not its beginning
    yes("fingerprint:9f");
    yes("-parcel");
    no("-refund");
    no("--parcel");
    yes("model:haiku");
    no("model=haiku");
    yes("model=anthropic:claude-haiku-4-5");
    yes("agent:TRI");
    yes("agent=triage");
    no("agent=tri");
    yes("agent:any");
    no("agent:none");
    no("agent:\"any\"");
    yes("task:ticket");
    yes("author:ana");
    yes("tag:night");
    yes("tag:batch");
    no("tag=batch");
    no("tag:none");
    yes("tag:any");
    yes("cost>0.001");
    yes("cost>=0.00289");
    no("cost>0.00289");
    yes("cost<=$0.00289");
    no("cost<0.00289");
    yes("cost:0.002..0.003");
    yes("cost=0.00289");
    yes("tokens>2k");
    yes("tokens=2042");
    no("tokens>2.1k");
    yes("tokens:..3000");
    yes("tokens:2000..");
    yes("age>2d");
    no("age>3d");
    yes("age>=3d");
    yes("age:3d");
    no("age:2d");
    yes("age:2d..3d");
    yes("ttl<2w");
    no("ttl<12d");
    yes("ttl<=12d");
    yes("hits=41");
    no("hits=0");
    yes("hits>40");
    yes("size>4kb");
    no("size>5k");
    yes("saved>0.1");
    no("saved>0.12");
    yes("created:2026-11-20");
    no("created:2026-11-19");
    yes("created:2026-11-01..2026-11-20");
    yes("created:2026-11");
    no("created:2026-10");
    no("created>2026-11-20");
    yes("created>=2026-11-20");
    yes("created<2026-11-21");
    yes("created:2026-11-20T12:00");
    no("created:today");
    yes("used:yesterday");
    yes("refund OR parcel");
    no("parcel OR letter");
    yes("parcel OR refund agent:triage");
    no("refund agent:profiler OR parcel");
    yes("(parcel OR refund) agent:triage");
    no("-(parcel OR refund)");
    yes("-(parcel refund)");
    yes("task:none OR (agent:tri -hits=0)");
    no("agent:x or agent:triage"); // a word like any other: only capitals join
    yes("\"order\"17");
    yes("is:expired -is:expired OR hits>3");
}

void TestEntryFilter::matches()
{
    QFETCH(bool, expected);
    const EntryFilter filter = parse(QString::fromUtf8(QTest::currentDataTag()));
    QCOMPARE(filter.matches(refundTicket(), nowMs), expected);
}

void TestEntryFilter::properties_data()
{
    QTest::addColumn<QString>("property");
    QTest::addColumn<EntryMeta>("entry");
    const auto with = [](const char* property, auto change) {
        EntryMeta entry = refundTicket();
        change(entry);
        QTest::newRow(property) << QString::fromLatin1(property) << entry;
    };
    with("pinned", [](EntryMeta& entry) { entry.pinned = true; });
    with("human", [](EntryMeta& entry) { entry.human = true; });
    with("python", [](EntryMeta& entry) { entry.python = true; });
    with("expired", [](EntryMeta& entry) { entry.expiresMs = nowMs; });
    with("expired-soon", [](EntryMeta& entry) { entry.expiresMs = nowMs + day; });
    with("unpriced", [](EntryMeta& entry) { entry.cost.reset(); });
}

void TestEntryFilter::properties()
{
    QFETCH(QString, property);
    QFETCH(EntryMeta, entry);
    // Metadata do not tell whether an answer fits its schema, nor that it does not.
    for (const char* filter : {"is:invalid", "-is:invalid"})
        QVERIFY(!parse(QString::fromLatin1(filter)).matches(entry, nowMs));
    QStringList names = EntryFilter::propertyNames();
    QVERIFY(names.removeOne(QStringLiteral("invalid")));
    for (const QString& name : std::as_const(names)) {
        QCOMPARE(parse(QStringLiteral("is:") + name).matches(entry, nowMs), name == property);
        QCOMPARE(parse(QStringLiteral("-is=") + name.toUpper()).matches(entry, nowMs), name != property);
        QVERIFY(!parse(QStringLiteral("is:") + name).matches(refundTicket(), nowMs));
    }
    QVERIFY(
        parse(QStringLiteral("is:pinned|human|python|expired|expired-soon|unpriced")).matches(entry, nowMs));
}

void TestEntryFilter::unknownNumbersMatchNoComparison()
{
    EntryMeta entry = refundTicket();
    entry.cost.reset();
    entry.lastUsedMs = 0;
    entry.expiresMs.reset();
    for (const char* filter : {"cost>=0", "cost<1", "saved>=0", "used<2030-01-01", "ttl<52w"})
        QVERIFY2(!parse(QString::fromLatin1(filter)).matches(entry, nowMs), filter);
    for (const char* filter : {"is:unpriced", "ttl>52w", "ttl:never", "ttl:1d.."})
        QVERIFY2(parse(QString::fromLatin1(filter)).matches(entry, nowMs), filter);
}

void TestEntryFilter::narrowedIsOfBoth()
{
    const EntryMeta entry = refundTicket();
    FilterTerm term;
    term.field = FilterTerm::Field::Agent;
    term.match = FilterTerm::Match::Equals;
    term.text = entry.agent;
    QVERIFY(EntryFilter().narrowed(term).matches(entry, nowMs));
    // Also where the filter is a choice: the condition holds beside all of it.
    QVERIFY(parse(QStringLiteral("task:nothing OR hits>=0")).narrowed(term).matches(entry, nowMs));
    QVERIFY(!parse(QStringLiteral("task:nothing")).narrowed(term).matches(entry, nowMs));
    term.text += QStringLiteral("2");
    QVERIFY(!parse(QStringLiteral("task:nothing OR hits>=0")).narrowed(term).matches(entry, nowMs));
    term.match = FilterTerm::Match::None;
    QVERIFY(!EntryFilter().narrowed(term).matches(entry, nowMs));
}

void TestEntryFilter::datesAreDaysOfTheZone()
{
    EntryMeta entry;
    entry.createdMs = at("2026-11-20T23:30:00Z");
    const QTimeZone tokyo("Asia/Tokyo");
    const auto inTokyo = [&](const char* text) {
        return EntryFilter::parse(QString::fromLatin1(text), tokyo, nowMs).matches(entry, nowMs);
    };
    QVERIFY(inTokyo("created:2026-11-21"));
    QVERIFY(!inTokyo("created:2026-11-20"));
    QVERIFY(parse(QStringLiteral("created:2026-11-20")).matches(entry, nowMs));
    QVERIFY(inTokyo("created:2026-11-21T08:30"));
}

void TestEntryFilter::errorsPointAtTheColumn_data()
{
    QTest::addColumn<int>("column");
    QTest::addColumn<int>("length");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* filter, int column, int length, const char* says) {
        QTest::newRow(filter) << column << length << QString::fromLatin1(says);
    };
    row("refund agnt:x", 8, 4, "agnt");
    row("a \"open", 3, 1, "quote");
    row("agent:\"open", 7, 1, "quote");
    row("\"\"", 1, 2, "between these quotes");
    row("agent:", 1, 6, "no value");
    row("agent: x", 1, 6, "no value");
    row("agent>x", 1, 7, "compared");
    row("x cost>cheap", 8, 5, "money");
    row("cost>1.2.3", 6, 5, "money");
    row("cost:..", 6, 2, "no ends");
    row("cost:2..1", 6, 4, "before it begins");
    row("cost>1..2", 1, 9, "range");
    row("cost:1..dear", 9, 4, "money");
    row("tokens>many", 8, 4, "number");
    row("hits=-1", 6, 2, "number");
    row("age>3", 5, 1, "duration");
    row("age>3y", 5, 2, "duration");
    row("ttl<d", 5, 1, "duration");
    row("ttl>never", 5, 5, "greater");
    row("size>1pb", 6, 3, "size");
    row("tokens>99999999999999999999", 8, 20, "number");
    row("created:2026-13-01", 9, 10, "date");
    row("created:2026-11-01..soon", 21, 4, "date");
    row("created:01.11.2026", 9, 10, "date");
    row("is:cheap", 4, 5, "cheap");
    row("is:pinned|cheap", 11, 5, "cheap");
    row("is:pinned|", 11, 1, "does not know");
    row("is>pinned", 1, 9, "comparison");
    row("-", 1, 1, "minus");
    row("a - b", 3, 1, "minus");
    row("OR a", 1, 2, "before OR");
    row("a OR", 3, 2, "follows OR");
    row("a OR OR b", 3, 2, "follows OR");
    row("(a OR ) b", 4, 2, "follows OR");
    row("(a", 1, 1, "not closed");
    row("(", 1, 1, "not closed");
    row("a (b (c)", 3, 1, "not closed");
    row("a)", 2, 1, "no opening");
    row(") a", 1, 1, "no opening");
    row("a ( )", 3, 3, "between these");
    row("https://example.org", 1, 5, "https");
}

void TestEntryFilter::errorsPointAtTheColumn()
{
    QFETCH(int, column);
    QFETCH(int, length);
    QFETCH(QString, says);
    try {
        parse(QString::fromUtf8(QTest::currentDataTag()));
        QFAIL("was accepted");
    } catch (const FilterError& error) {
        QCOMPARE(error.column(), column);
        QCOMPARE(error.length(), length);
        QVERIFY2(error.message().contains(says), qPrintable(error.message()));
        QVERIFY(error.message().contains(QStringLiteral("column %1").arg(column)));
        QVERIFY(!error.remedy().isEmpty());
    }
}

void TestEntryFilter::hugeAndDeepFiltersAreRefused()
{
    QVERIFY_THROWS_EXCEPTION(FilterError, parse(QString(100'000, QLatin1Char('('))));
    QVERIFY_THROWS_EXCEPTION(FilterError, parse(QString(4'000, QLatin1Char('('))));
    QVERIFY_THROWS_EXCEPTION(FilterError, parse(QString(4'000, QLatin1Char('-')) + QLatin1Char('a')));
    QVERIFY_THROWS_EXCEPTION(FilterError, parse(QString(4'097, QLatin1Char('a'))));
    QVERIFY(!parse(QString(4'096, QLatin1Char('a'))).isEmpty());
    QVERIFY(parse(QString(60, QLatin1Char('(')) + QStringLiteral("refund") + QString(60, QLatin1Char(')')))
                .matches(refundTicket(), nowMs));
}

void TestEntryFilter::anyTextParsesOrFailsCleanly()
{
    // Random sentences from the language's own pieces: each either parses or names a place inside the text.
    const QStringList pieces{QStringLiteral("("), QStringLiteral(")"), QStringLiteral("-"),
        QStringLiteral(" "), QStringLiteral("OR"), QStringLiteral("\""), QStringLiteral("agent:"),
        QStringLiteral("cost>"), QStringLiteral("1"), QStringLiteral(".."), QStringLiteral("d"),
        QStringLiteral("is:"), QStringLiteral("pinned"), QStringLiteral("|"), QStringLiteral("\\"),
        QStringLiteral("created="), QStringLiteral("2026-11"), QStringLiteral("ttl<"),
        QString(QChar(0xd800))};
    quint32 state = 12345;
    int parsed = 0;
    int refused = 0;
    for (int round = 0; round < 20'000; ++round) {
        QString text;
        for (int piece = 0; piece < 1 + round % 12; ++piece) {
            state = state * 1664525 + 1013904223;
            text += pieces.at(static_cast<int>((state >> 16) % static_cast<quint32>(pieces.size())));
        }
        try {
            parse(text).matches(refundTicket(), nowMs);
            ++parsed;
        } catch (const FilterError& error) {
            ++refused;
            QVERIFY2(error.offset() >= 0 && error.length() > 0
                    && error.offset() + error.length() <= std::max<qsizetype>(text.size(), 1) + 1,
                qPrintable(text));
        }
    }
    QVERIFY(parsed > 100);
    QVERIFY(refused > 100);
}

void TestEntryFilter::termsKnowTheirPlace()
{
    const EntryFilter filter = parse(QStringLiteral("refund  -agent:\"a b\""));
    const FilterNode& root = filter.root();
    QCOMPARE(root.kind, FilterNode::Kind::All);
    QCOMPARE(root.children.size(), std::size_t(2));
    QCOMPARE(root.children[0].term.offset, 0);
    QCOMPARE(root.children[0].term.length, 6);
    QCOMPARE(root.children[1].kind, FilterNode::Kind::Not);
    QCOMPARE(root.children[1].children[0].term.offset, 9);
    QCOMPARE(root.children[1].children[0].term.length, 11);
}

LLMCACHE_TEST_MAIN(TestEntryFilter)
#include "tst_entryfilter.moc"
