#include "guitest.h"
#include "theme/theme.h"
#include "widgets/controls.h"

#include <QFile>
#include <QLabel>
#include <QRegularExpression>
#include <QSignalSpy>

using namespace llmcache::ui;

class TestTheme : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void textIsReadable();
    void tokenNamesAreUnique();
    void styleSheetKnowsAllItsNames();
    void styleSheetHasNoColoursOfItsOwn();
    void switchesLive();
    void followsTheSystemOnlyWhenAsked();
    void namesOfSettingsGoRoundTrip();
    void iconsAreTinted();
    void iconsFollowTheTheme();
    void iconsAreDrawnAtTheResolutionOfTheScreen();
    void chartColoursEndInGrey();
};

void TestTheme::textIsReadable()
{
    for (const bool dark : {false, true}) {
        for (const auto& [text, surface] : textPairs()) {
            const double contrast = contrastRatio(tokenColor(text, dark), tokenColor(surface, dark));
            QVERIFY2(contrast >= 4.5,
                qPrintable(QStringLiteral("%1 on %2, %3: %4")
                               .arg(tokenName(text), tokenName(surface),
                                   dark ? QLatin1String("dark") : QLatin1String("light"))
                               .arg(contrast)));
        }
    }
    QCOMPARE(contrastRatio(Qt::black, Qt::white), 21.0);
}

void TestTheme::tokenNamesAreUnique()
{
    QSet<QString> names;
    for (int i = 0; i < tokenCount; ++i)
        names.insert(tokenName(static_cast<Token>(i)));
    QCOMPARE(names.size(), tokenCount);
    QVERIFY(!names.contains(QString()));
}

void TestTheme::styleSheetKnowsAllItsNames()
{
    Theme theme;
    for (const ColorScheme scheme : {ColorScheme::Light, ColorScheme::Dark}) {
        theme.setScheme(scheme);
        const QString sheet = theme.styleSheet();
        QVERIFY(sheet.contains(theme.color(Token::Selection).name()));
        // What is left of the template after its comment.
        QVERIFY(!sheet.mid(sheet.indexOf(QLatin1String("*/"))).contains(u'@'));
    }
}

void TestTheme::styleSheetHasNoColoursOfItsOwn()
{
    QFile file(QStringLiteral(":/llmcache/themes/style.qss"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QString source = QString::fromUtf8(file.readAll());
    QVERIFY(!source.contains(QRegularExpression(QStringLiteral("#[0-9a-fA-F]{3,8}\\b|rgba?\\("))));
}

void TestTheme::switchesLive()
{
    Theme theme;
    theme.setScheme(ColorScheme::Light);
    theme.apply(*qApp);
    QLabel label;
    setTone(&label, Tone::Secondary);
    label.ensurePolished();
    QCOMPARE(label.palette().color(QPalette::WindowText), tokenColor(Token::SecondaryText, false));
    const QSignalSpy changes(&theme, &Theme::changed);
    theme.setScheme(ColorScheme::Dark);
    QCOMPARE(changes.size(), 1);
    QCOMPARE(qApp->palette().color(QPalette::Window), tokenColor(Token::Background, true));
    QCOMPARE(label.palette().color(QPalette::WindowText), tokenColor(Token::SecondaryText, true));
    theme.setScheme(ColorScheme::Dark);
    QCOMPARE(changes.size(), 1);
    theme.setDensity(Density::Compact);
    QCOMPARE(changes.size(), 2);
    QCOMPARE(theme.rowHeight(), 24);
}

void TestTheme::followsTheSystemOnlyWhenAsked()
{
    Theme theme;
    theme.setScheme(ColorScheme::System);
    theme.setSystemDark(true);
    QVERIFY(theme.isDark());
    theme.setSystemDark(false);
    QVERIFY(!theme.isDark());
    theme.setScheme(ColorScheme::Light);
    theme.setSystemDark(true);
    QVERIFY(!theme.isDark());
    theme.setScheme(ColorScheme::System);
    QVERIFY(theme.isDark());
}

void TestTheme::namesOfSettingsGoRoundTrip()
{
    for (const auto scheme : {ColorScheme::System, ColorScheme::Light, ColorScheme::Dark})
        QCOMPARE(colorSchemeFromName(colorSchemeName(scheme)), scheme);
    QCOMPARE(colorSchemeFromName(QStringLiteral("sepia")), ColorScheme::System);
    for (const auto density : {Density::Comfortable, Density::Compact})
        QCOMPARE(densityFromName(densityName(density)), density);
}

namespace {

/// The colour of the most opaque pixel; invalid for an empty picture.
QColor inkOf(const QImage& image)
{
    QColor ink = Qt::transparent;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            if (image.pixelColor(x, y).alpha() > ink.alpha())
                ink = image.pixelColor(x, y);
        }
    }
    return ink;
}

bool closeTo(const QColor& one, const QColor& other)
{
    return std::abs(one.red() - other.red()) < 6 && std::abs(one.green() - other.green()) < 6
        && std::abs(one.blue() - other.blue()) < 6;
}

} // namespace

void TestTheme::iconsAreTinted()
{
    Theme theme;
    theme.setScheme(ColorScheme::Light);
    for (int i = 0; i < iconCount; ++i) {
        const auto name = static_cast<IconName>(i);
        QVERIFY2(QFile::exists(iconPath(name)), qPrintable(iconPath(name)));
        const QColor ink = inkOf(theme.icon(name, Token::Error).pixmap(20, 20).toImage());
        QVERIFY2(ink.alpha() > 120, qPrintable(iconPath(name)));
        QVERIFY2(closeTo(ink, theme.color(Token::Error)), qPrintable(iconPath(name)));
    }
}

void TestTheme::iconsFollowTheTheme()
{
    auto theme = std::make_unique<Theme>();
    theme->setScheme(ColorScheme::Light);
    const QIcon icon = theme->icon(IconName::Stop, Token::Text);
    QVERIFY(closeTo(inkOf(icon.pixmap(16, 16).toImage()), tokenColor(Token::Text, false)));
    theme->setScheme(ColorScheme::Dark);
    QVERIFY(closeTo(inkOf(icon.pixmap(16, 16).toImage()), tokenColor(Token::Text, true)));
    theme.reset();
    QVERIFY(icon.pixmap(16, 16).isNull());
}

void TestTheme::iconsAreDrawnAtTheResolutionOfTheScreen()
{
    Theme theme;
    for (const qreal scale : {1.0, 1.25, 1.5, 2.0}) {
        const QPixmap pixmap = theme.icon(IconName::Search).pixmap(QSize(16, 16), scale);
        QCOMPARE(pixmap.width(), qRound(16 * scale));
        QCOMPARE(pixmap.devicePixelRatio(), scale);
    }
}

void TestTheme::chartColoursEndInGrey()
{
    Theme theme;
    QCOMPARE(theme.chartColor(0), theme.color(Token::Chart1));
    QCOMPARE(theme.chartColor(6), theme.color(Token::Chart7));
    QCOMPARE(theme.chartColor(7), theme.color(Token::ChartOther));
    QCOMPARE(theme.chartColor(-1), theme.color(Token::ChartOther));
}

LLMCACHE_GUI_TEST_MAIN(TestTheme)
#include "tst_theme.moc"
