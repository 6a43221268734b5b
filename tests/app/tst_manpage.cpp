#include "commands.h"
#include "manpage.h"

#include <QTest>

using namespace llmcache::app;

class ManPageTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void namesEveryCommandAndOption();
    void hasOnlyRequestsThatItMeans();
};

void ManPageTest::namesEveryCommandAndOption()
{
    // As a reader sees it: without the escapes of hyphens.
    const QString page = manualPage(QStringLiteral("1.2.3"), QStringLiteral("2026-11-26"))
                             .replace(QLatin1String("\\-"), QLatin1String("-"));
    QVERIFY(page.contains(QLatin1String("LLM Cache Workbench 1.2.3")));
    const auto hasOptions = [&page](const std::vector<OptionSpec>& options) {
        for (const OptionSpec& option : options) {
            if (!page.contains(QStringLiteral("--%1\\fR").arg(option.name)))
                return QTest::qFail(qPrintable(option.name), __FILE__, __LINE__);
        }
    };
    hasOptions(globalOptions());
    for (const Command& command : commands()) {
        QVERIFY2(
            page.contains(QStringLiteral(".SS \"llmcache %1\"").arg(command.name)), qPrintable(command.name));
        hasOptions(command.options);
    }
}

void ManPageTest::hasOnlyRequestsThatItMeans()
{
    const QStringList known{QStringLiteral(".TH"), QStringLiteral(".SH"), QStringLiteral(".SS"),
        QStringLiteral(".TP"), QStringLiteral(".PP"), QStringLiteral(".B"), QStringLiteral(".I"),
        QStringLiteral(".RI"), QStringLiteral(".br")};
    for (const QString& line : manualPage(QStringLiteral("1"), QStringLiteral("2026-11-26")).split(u'\n')) {
        if (line.startsWith(u'.'))
            QVERIFY2(known.contains(line.section(u' ', 0, 0)), qPrintable(line));
        QVERIFY2(!line.startsWith(u'\''), qPrintable(line));
    }
}

QTEST_GUILESS_MAIN(ManPageTest)
#include "tst_manpage.moc"
