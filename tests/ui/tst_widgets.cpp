#include "guitest.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/card.h"
#include "widgets/elidedlabel.h"
#include "widgets/emptystate.h"
#include "widgets/errorbanner.h"
#include "widgets/spinner.h"
#include "widgets/tablestyle.h"
#include "widgets/toast.h"

#include <QSignalSpy>
#include <QStandardItemModel>
#include <QTableView>
#include <QTimer>
#include <QToolButton>

using namespace llmcache;
using namespace llmcache::ui;

namespace {

/// Whether a picture has an area of exactly this colour (not just a pixel on the edge of a letter).
bool contains(const QImage& image, const QColor& color)
{
    int pixels = 0;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            if (image.pixelColor(x, y) == color)
                ++pixels;
        }
    }
    return pixels >= 60;
}

} // namespace

class TestWidgets : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void badgesSayTheirStateInWords();
    void badgesHaveTheirColours();
    void elidedLabelShowsTheWholeTextInItsToolTip();
    void tileIsASkeletonUntilItHasAValue();
    void tileKeepsItsSize();
    void emptyStateOffersItsAction();
    void emptyStateShowsAllItsText();
    void bannerStaysUntilDismissed();
    void bannerOffersAnAction();
    void bannerShowsMarkupAsText();
    void bannerCutsNoFingerprintOff();
    void toastRunsItsActionOnce();
    void toastGoesByItselfUnlessHeld();
    void toastsAreAtTheBottomRight();
    void spinnerWaitsBeforeItTurns();
    void tableFollowsTheDensity();
    void tablePaintsBadgesAndSkeletons();
    void tableColumnsAreWideEnoughForTheirCells();
    void whatFitsIsNotElided();
    void tabLeavesTheTable();

private:
    Theme m_theme;
};

void TestWidgets::initTestCase()
{
    m_theme.setScheme(ColorScheme::Light);
    m_theme.apply(*qApp);
}

void TestWidgets::badgesSayTheirStateInWords()
{
    QSet<QString> texts;
    for (const Outcome outcome : {Outcome::Hit, Outcome::Miss, Outcome::Shared, Outcome::Refreshed,
             Outcome::Bypassed, Outcome::Failed, Outcome::Cancelled})
        texts.insert(badgeOf(outcome).text);
    texts.insert(humanBadge().text);
    texts.insert(pythonBadge().text);
    QCOMPARE(texts.size(), 9);
    Badge badge;
    badge.setOutcome(Outcome::Shared);
    QCOMPARE(badge.text(), QStringLiteral("◐ SHARED"));
    QCOMPARE(badge.accessibleName(), badge.text());
    QCOMPARE(badge.kind(), BadgeKind::Shared);
}

void TestWidgets::badgesHaveTheirColours()
{
    Badge badge;
    for (const Outcome outcome : {Outcome::Hit, Outcome::Miss, Outcome::Failed}) {
        badge.setOutcome(outcome);
        badge.resize(badge.sizeHint());
        QVERIFY(contains(badge.grab().toImage(), m_theme.color(badgeTokens(badge.kind()).second)));
    }
}

void TestWidgets::elidedLabelShowsTheWholeTextInItsToolTip()
{
    const QString text = QStringLiteral("llmcache:default:entry:{9f2c41d0e07b} <b>& more</b>");
    ElidedLabel label(text, nullptr, Qt::ElideMiddle);
    label.resize(label.sizeHint());
    QVERIFY(!label.isElided());
    label.resize(60, label.height());
    QVERIFY(label.isElided());
    QCOMPARE(label.text(), text);
    QVERIFY(label.minimumSizeHint().width() < 30);
    label.setText(QStringLiteral("x"));
    QVERIFY(!label.isElided());
}

void TestWidgets::tileIsASkeletonUntilItHasAValue()
{
    Tile tile(&m_theme, QStringLiteral("Spent"), Tile::Size::Large);
    tile.resize(220, 96);
    QVERIFY(tile.isSkeleton());
    QVERIFY(contains(tile.grab().toImage(), m_theme.color(Token::Skeleton)));
    tile.setValue(QStringLiteral("$412.07"), QStringLiteral("$412.0712 exactly"));
    tile.setNote(QStringLiteral("▲ 8.1 %"), Tone::Miss);
    QVERIFY(!tile.isSkeleton());
    QVERIFY(!contains(tile.grab().toImage(), m_theme.color(Token::Skeleton)));
    QCOMPARE(tile.accessibleName(), QStringLiteral("Spent: $412.07"));
    QCOMPARE(tile.accessibleDescription(), QStringLiteral("▲ 8.1 %"));
}

void TestWidgets::tileKeepsItsSize()
{
    Tile tile(&m_theme, QStringLiteral("Cost"), Tile::Size::Compact);
    const int before = tile.sizeHint().height();
    tile.setValue(QStringLiteral("$0.0029"));
    tile.setNote(QStringLiteral("first $0.0029"));
    QCOMPARE(tile.sizeHint().height(), before);
}

void TestWidgets::emptyStateOffersItsAction()
{
    EmptyState state(&m_theme, IconName::Cache, QStringLiteral("No entries yet"),
        QStringLiteral("Run an agent."), QStringLiteral("Go to the workbench"));
    state.resize(600, 400);
    state.show();
    const QSignalSpy triggered(&state, &EmptyState::actionTriggered);
    auto* button = state.findChild<QPushButton*>();
    QCOMPARE(button->text(), QStringLiteral("Go to the workbench"));
    QTest::mouseClick(button, Qt::LeftButton);
    QCOMPARE(triggered.size(), 1);
    state.setContent(IconName::Search, QStringLiteral("Nothing found"), QStringLiteral("Change the filter."));
    QVERIFY(!button->isVisible());
    QCOMPARE(state.accessibleName(), QStringLiteral("Nothing found"));
}

void TestWidgets::emptyStateShowsAllItsText()
{
    const QString text = QStringLiteral("A long sentence that says what will be here. ").repeated(6);
    EmptyState state(&m_theme, IconName::Cache, QStringLiteral("Title"), text);
    state.resize(800, 600);
    state.show();
    for (const QLabel* label : state.findChildren<QLabel*>()) {
        if (label->text() == text)
            QVERIFY(label->height() >= label->heightForWidth(label->width()));
    }
}

void TestWidgets::bannerStaysUntilDismissed()
{
    QWidget window;
    ErrorBanner banner(&m_theme, &window);
    window.show();
    QVERIFY(!banner.isVisible());
    banner.showProblem(QStringLiteral("The provider refused the key."), QStringLiteral("Set the key."));
    QVERIFY(banner.isVisible());
    QCOMPARE(banner.accessibleName(), QStringLiteral("The provider refused the key."));
    QCOMPARE(banner.accessibleDescription(), QStringLiteral("Set the key."));
    const QSignalSpy dismissed(&banner, &ErrorBanner::dismissed);
    QTest::mouseClick(banner.findChild<QToolButton*>(), Qt::LeftButton);
    QVERIFY(!banner.isVisible());
    QCOMPARE(dismissed.size(), 1);
    banner.showProblem(QStringLiteral("Again."));
    banner.clear();
    QVERIFY(!banner.isVisible());
    QCOMPARE(dismissed.size(), 1);
}

void TestWidgets::bannerOffersAnAction()
{
    QWidget window;
    ErrorBanner banner(&m_theme, &window);
    window.show();
    auto* button = banner.findChild<QPushButton*>();
    banner.showProblem(QStringLiteral("Down."), {}, QStringLiteral("Retry"), ErrorBanner::Severity::Warning);
    QVERIFY(button->isVisible());
    const QSignalSpy triggered(&banner, &ErrorBanner::actionTriggered);
    QTest::keyClick(button, Qt::Key_Space);
    QCOMPARE(triggered.size(), 1);
    banner.showProblem(QStringLiteral("Down."));
    QVERIFY(!button->isVisible());
}

void TestWidgets::bannerShowsMarkupAsText()
{
    ErrorBanner banner(&m_theme);
    const QString hostile = QStringLiteral("<img src='file:///x'> is no model.");
    banner.showProblem(hostile, hostile);
    int shown = 0;
    for (const QLabel* label : banner.findChildren<QLabel*>()) {
        if (label->text() != hostile)
            continue;
        ++shown;
        QCOMPARE(label->textFormat(), Qt::PlainText);
    }
    QCOMPARE(shown, 2);
}

void TestWidgets::bannerCutsNoFingerprintOff()
{
    const QString fingerprint = QStringLiteral("19581e27de7ced00").repeated(4);
    const QString what = QStringLiteral("The entry %1 is damaged.").arg(fingerprint);
    ErrorBanner banner(&m_theme);
    banner.showProblem(what, QStringLiteral("Delete %1.").arg(fingerprint));
    QStringList shown;
    for (const QLabel* label : banner.findChildren<QLabel*>()) {
        if (!label->text().isEmpty())
            shown << label->text();
    }
    QCOMPARE(shown,
        (QStringList{QStringLiteral("The entry 19581e27 is damaged."), QStringLiteral("Delete 19581e27.")}));
    // All of it for whoever asks, points at it or listens.
    QCOMPARE(banner.what(), what);
    QCOMPARE(banner.accessibleName(), what);
    bool isInToolTip = false;
    for (const QLabel* label : banner.findChildren<QLabel*>())
        isInToolTip = isInToolTip || label->toolTip() == what;
    QVERIFY(isInToolTip);
    banner.showProblem(QStringLiteral("Another problem."));
    for (const QLabel* label : banner.findChildren<QLabel*>())
        QVERIFY(label->toolTip().isEmpty());
    banner.clear();
    QVERIFY(banner.what().isEmpty());
}

void TestWidgets::toastRunsItsActionOnce()
{
    QWidget window;
    window.resize(800, 600);
    window.show();
    ToastHost toasts(&m_theme, &window);
    int undone = 0;
    toasts.show(QStringLiteral("3 entries were invalidated."), QStringLiteral("Undo"), [&] { ++undone; });
    QCOMPARE(toasts.count(), 1);
    auto* button = window.findChild<QPushButton*>();
    QTest::mouseClick(button, Qt::LeftButton);
    QTest::mouseClick(button, Qt::LeftButton);
    QCOMPARE(undone, 1);
    QCOMPARE(toasts.count(), 0);
}

void TestWidgets::toastGoesByItselfUnlessHeld()
{
    QWidget window;
    window.resize(800, 600);
    window.show();
    ToastHost toasts(&m_theme, &window);
    toasts.show(QStringLiteral("Saved."), {}, {}, std::chrono::milliseconds(1));
    QTRY_COMPARE(toasts.count(), 0);

    toasts.show(QStringLiteral("Deleted."), QStringLiteral("Undo"), [] {});
    auto* button = window.findChildren<QPushButton*>().constLast();
    auto* timer = button->parentWidget()->findChild<QTimer*>();
    QVERIFY(timer->isActive());
    QEnterEvent enter({1, 1}, {1, 1}, {1, 1});
    QApplication::sendEvent(button->parentWidget(), &enter);
    QVERIFY(!timer->isActive());
    QEvent leave(QEvent::Leave);
    QApplication::sendEvent(button->parentWidget(), &leave);
    QVERIFY(timer->isActive());
    QFocusEvent focus(QEvent::FocusIn, Qt::TabFocusReason);
    QApplication::sendEvent(button, &focus);
    QVERIFY(!timer->isActive());
}

void TestWidgets::toastsAreAtTheBottomRight()
{
    QWidget window;
    window.resize(800, 600);
    window.show();
    ToastHost toasts(&m_theme, &window);
    toasts.show(QStringLiteral("One."));
    toasts.show(QStringLiteral("Two. ").repeated(40));
    window.resize(1000, 700);
    QCoreApplication::sendPostedEvents();
    QRect all;
    for (const QFrame* frame : window.findChildren<QFrame*>(QString(), Qt::FindDirectChildrenOnly)) {
        QVERIFY(!all.intersects(frame->geometry()));
        all |= frame->geometry();
    }
    QVERIFY(window.rect().contains(all));
    QCOMPARE(all.right(), 1000 - 17);
    QCOMPARE(all.bottom(), 700 - 28 - 12 - 1);
}

void TestWidgets::spinnerWaitsBeforeItTurns()
{
    Spinner spinner(&m_theme);
    spinner.show();
    spinner.setBusy(true);
    QVERIFY(!spinner.isTurning());
    spinner.setBusy(false);
    spinner.setBusy(true);
    QTRY_VERIFY(spinner.isTurning());
    QVERIFY(!spinner.accessibleName().isEmpty());
    spinner.setBusy(false);
    QVERIFY(!spinner.isTurning());
}

void TestWidgets::tableFollowsTheDensity()
{
    QTableView table;
    setUpTable(&table, &m_theme);
    QStandardItemModel model(3, 2);
    table.setModel(&model);
    QCOMPARE(table.rowHeight(0), 28);
    m_theme.setDensity(Density::Compact);
    QCOMPARE(table.rowHeight(0), 24);
    m_theme.setDensity(Density::Comfortable);
    QCOMPARE(table.rowHeight(2), 28);
}

void TestWidgets::tablePaintsBadgesAndSkeletons()
{
    QTableView table;
    setUpTable(&table, &m_theme);
    QStandardItemModel model(2, 1);
    model.setItem(0, new QStandardItem(QStringLiteral("✕ FAILED")));
    table.setModel(&model);
    table.resize(400, 200);
    table.show();
    const auto cell = [&table](int row) {
        return table.viewport()->grab(table.visualRect(table.model()->index(row, 0))).toImage();
    };
    QVERIFY(!contains(cell(0), m_theme.color(Token::ErrorBackground)));
    model.item(0)->setData(static_cast<int>(BadgeKind::Error), badgeKindRole);
    QVERIFY(contains(cell(0), m_theme.color(Token::ErrorBackground)));
    QVERIFY(!contains(cell(1), m_theme.color(Token::Skeleton)));
    model.setItem(1, new QStandardItem);
    model.item(1)->setData(true, TableDelegate::skeletonRole);
    QVERIFY(contains(cell(1), m_theme.color(Token::Skeleton)));
    table.selectRow(1);
    QVERIFY(contains(cell(1), m_theme.color(Token::Selection)));
}

void TestWidgets::tableColumnsAreWideEnoughForTheirCells()
{
    QTableView table;
    setUpTable(&table, &m_theme);
    QStandardItemModel model(1, 1);
    model.setItem(0, new QStandardItem(QStringLiteral("anthropic:claude-haiku-4-5")));
    table.setModel(&model);
    table.resizeColumnsToContents();
    const int text = QFontMetrics(textFont()).horizontalAdvance(model.item(0)->text());
    QVERIFY(table.columnWidth(0) >= text + 20);
}

void TestWidgets::whatFitsIsNotElided()
{
    QTableView view;
    QStandardItemModel model(1, 1);
    view.setModel(&model);
    setUpTable(&view, &m_theme);
    const QAbstractItemDelegate* const delegate = view.itemDelegate();
    const auto width = [&](const QString& text) {
        model.setData(model.index(0, 0), text);
        return delegate->sizeHint({}, model.index(0, 0)).width();
    };
    const int padding = width({});
    // Letters are fractions of a pixel wide.
    for (const char* each :
        {"just now", "12 min ago", "Edited", "anthropic", "1.5 KB", "$0.0042", "ana", "Wed 16:20"}) {
        const QString text = QString::fromLatin1(each);
        QCOMPARE(QFontMetrics(textFont()).elidedText(text, Qt::ElideRight, width(text) - padding), text);
    }
}

void TestWidgets::tabLeavesTheTable()
{
    QWidget window;
    QTableView table(&window);
    QPushButton button(&window);
    setUpTable(&table, &m_theme);
    QStandardItemModel model(2, 2);
    table.setModel(&model);
    window.show();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    table.setFocus();
    QTest::keyClick(&table, Qt::Key_Tab);
    QVERIFY(button.hasFocus());
}

LLMCACHE_GUI_TEST_MAIN(TestWidgets)
#include "tst_widgets.moc"
