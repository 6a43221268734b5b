#include "guitest.h"
#include "theme/theme.h"
#include "widgets/chip.h"
#include "widgets/codeedit.h"
#include "widgets/controls.h"
#include "widgets/searchfield.h"
#include "widgets/tabstrip.h"

#include <QAbstractTextDocumentLayout>
#include <QMenu>
#include <QMimeData>
#include <QSignalSpy>
#include <QTextBlock>
#include <QTextLayout>
#include <QToolButton>

using namespace llmcache::ui;

namespace {

/// Colour of the character at `position` as a highlighter left it; invalid when it left none.
QColor colorAt(const QTextEdit& edit, int position)
{
    const QTextBlock block = edit.document()->findBlock(position);
    for (const QTextLayout::FormatRange& range : block.layout()->formats()) {
        const int at = position - block.position();
        if (at >= range.start && at < range.start + range.length)
            return range.format.foreground().color();
    }
    return {};
}

} // namespace

class TestInputs : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void buttonsHaveOneHeight();
    void buttonMakesRoomForItsKeyHint();
    void fieldLabelNamesItsField();
    void segmentsAreExclusiveAndMovedByKeys();
    void chipIsRemovedByKeyAndCross();
    void fixedChipStays();
    void tabsMoveByKeys();
    void searchFieldClearsOnEscape();
    void searchHintGivesWayToText();
    void placeholderIsReadable();
    void codeKeepsItsLineHeight();
    void codeIsNeverMarkup();
    void setTextForgetsTheHistory();
    void codeViewIsReadOnlyButReachable();
    void jsonIsColoured();
    void variablesAreMarked();
    void colouringFollowsTheTheme();

private:
    Theme m_theme;
};

void TestInputs::initTestCase()
{
    m_theme.setScheme(ColorScheme::Light);
    m_theme.apply(*qApp);
}

void TestInputs::buttonsHaveOneHeight()
{
    for (const auto kind :
        {ButtonKind::Primary, ButtonKind::Secondary, ButtonKind::Danger, ButtonKind::Flat}) {
        Button button(QStringLiteral("Run"), kind);
        button.ensurePolished();
        QCOMPARE(button.sizeHint().height(), m_theme.controlHeight());
    }
    QLineEdit edit;
    edit.ensurePolished();
    QCOMPARE(edit.sizeHint().height(), m_theme.controlHeight());
}

void TestInputs::buttonMakesRoomForItsKeyHint()
{
    Button button(QStringLiteral("Run"), ButtonKind::Primary);
    button.ensurePolished();
    const int plain = button.sizeHint().width();
    button.setKeyHint(QStringLiteral("Ctrl ⏎"));
    QVERIFY(button.sizeHint().width()
        >= plain + QFontMetrics(textFont(TextSize::Small)).horizontalAdvance(QStringLiteral("Ctrl ⏎")));
    QCOMPARE(button.text(), QStringLiteral("Run"));
}

void TestInputs::fieldLabelNamesItsField()
{
    QLineEdit edit;
    const std::unique_ptr<QLabel> label(fieldLabel(QStringLiteral("&Model"), &edit));
    QCOMPARE(edit.accessibleName(), QStringLiteral("Model"));
    QCOMPARE(label->buddy(), &edit);
}

void TestInputs::segmentsAreExclusiveAndMovedByKeys()
{
    SegmentedControl control;
    control.addSegment(QStringLiteral("Day"));
    control.addSegment(QStringLiteral("Week"));
    control.addSegment(QStringLiteral("Month"));
    control.show();
    QCOMPARE(control.currentIndex(), 0);
    QSignalSpy changed(&control, &SegmentedControl::currentChanged);
    control.setCurrentIndex(2);
    QCOMPARE(control.currentIndex(), 2);
    QCOMPARE(changed.size(), 1);
    QCOMPARE(changed.constFirst().constFirst().toInt(), 2);
    const auto buttons = control.findChildren<QPushButton*>();
    QVERIFY(QTest::qWaitForWindowActive(&control));
    buttons.at(2)->setFocus();
    QTest::keyClick(buttons.at(2), Qt::Key_Left);
    QCOMPARE(control.currentIndex(), 1);
    control.setCurrentIndex(9);
    QCOMPARE(control.currentIndex(), 1);
}

void TestInputs::chipIsRemovedByKeyAndCross()
{
    Chip chip(&m_theme, QStringLiteral("agent: <b>any</b>"));
    chip.show();
    const QSignalSpy removed(&chip, &Chip::removeRequested);
    const QSignalSpy activated(&chip, &Chip::activated);
    QTest::keyClick(&chip, Qt::Key_Delete);
    QTest::keyClick(&chip, Qt::Key_Backspace);
    QCOMPARE(removed.size(), 2);
    auto* cross = chip.findChild<QToolButton*>();
    QCOMPARE(cross->accessibleName(), QStringLiteral("Remove agent: <b>any</b>"));
    QTest::mouseClick(cross, Qt::LeftButton);
    QCOMPARE(removed.size(), 3);
    QCOMPARE(activated.size(), 0);
    QTest::keyClick(&chip, Qt::Key_Return);
    QTest::mouseClick(&chip, Qt::LeftButton, {}, QPoint(10, 10));
    QCOMPARE(activated.size(), 2);
    QCOMPARE(removed.size(), 3);
}

void TestInputs::fixedChipStays()
{
    Chip chip(&m_theme, QStringLiteral("workspace: default"), false);
    chip.show();
    const QSignalSpy removed(&chip, &Chip::removeRequested);
    QTest::keyClick(&chip, Qt::Key_Delete);
    QCOMPARE(removed.size(), 0);
    QVERIFY(!chip.findChild<QToolButton*>()->isVisible());
}

void TestInputs::tabsMoveByKeys()
{
    TabStrip tabs(&m_theme);
    for (const QString& text : {QStringLiteral("Rendered"), QStringLiteral("JSON"), QStringLiteral("Raw")})
        tabs.addTab(text);
    tabs.show();
    QVERIFY(tabs.focusPolicy() & Qt::TabFocus);
    QTest::keyClick(&tabs, Qt::Key_Right);
    QCOMPARE(tabs.currentIndex(), 1);
    QTest::keyClick(&tabs, Qt::Key_Left);
    QCOMPARE(tabs.currentIndex(), 0);
}

void TestInputs::searchFieldClearsOnEscape()
{
    SearchField field(&m_theme, QStringLiteral("Filter agents"));
    QCOMPARE(field.accessibleName(), QStringLiteral("Filter agents"));
    field.setText(QStringLiteral("tri"));
    QTest::keyClick(&field, Qt::Key_Escape);
    QCOMPARE(field.text(), QString());
}

void TestInputs::searchHintGivesWayToText()
{
    SearchField field(&m_theme, QStringLiteral("Search"));
    field.setKeyHint(QStringLiteral("Ctrl F"));
    field.resize(240, 28);
    field.show();
    auto* hint = field.findChild<QLabel*>();
    QVERIFY(hint->isVisible());
    QVERIFY(field.rect().contains(hint->geometry()));
    field.setText(QStringLiteral("x"));
    QVERIFY(!hint->isVisible());
    field.clear();
    QVERIFY(hint->isVisible());
}

void TestInputs::placeholderIsReadable()
{
    QLineEdit line;
    CodeEdit code(&m_theme);
    for (QWidget* field : {static_cast<QWidget*>(&line), static_cast<QWidget*>(&code)}) {
        field->ensurePolished();
        const QColor text = field->palette().color(QPalette::PlaceholderText);
        QCOMPARE(text.alpha(), 255);
        QVERIFY(contrastRatio(text, m_theme.color(Token::Code)) >= 4.5);
    }
}

void TestInputs::codeKeepsItsLineHeight()
{
    CodeEdit edit(&m_theme);
    edit.resize(400, 300);
    edit.show();
    edit.setText(QStringLiteral("one\ntwo"));
    edit.moveCursor(QTextCursor::End);
    QTest::keyClick(&edit, Qt::Key_Return);
    QTest::keyClicks(&edit, QStringLiteral("three"));
    QMimeData pasted;
    pasted.setText(QStringLiteral("\nfour\nfive"));
    pasted.setHtml(QStringLiteral("<h1>four</h1>"));
    QVERIFY(!edit.acceptRichText());
    edit.insertPlainText(pasted.text());
    QCOMPARE(edit.text(), QStringLiteral("one\ntwo\nthree\nfour\nfive"));
    QVERIFY(edit.document()->size().height() > 5 * 19); // lays it out
    const auto* layout = edit.document()->documentLayout();
    qreal top = layout->blockBoundingRect(edit.document()->begin()).top();
    for (QTextBlock block = edit.document()->begin().next(); block.isValid(); block = block.next()) {
        const qreal next = layout->blockBoundingRect(block).top();
        QCOMPARE(next - top, 19.0);
        top = next;
    }
}

void TestInputs::codeIsNeverMarkup()
{
    CodeView view(&m_theme);
    const QString hostile = QStringLiteral("<img src='http://example.org/x.png'><b>bold</b>");
    view.setText(hostile);
    QCOMPARE(view.text(), hostile);
}

void TestInputs::setTextForgetsTheHistory()
{
    CodeEdit edit(&m_theme);
    edit.setText(QStringLiteral("first"));
    QVERIFY(!edit.document()->isUndoAvailable());
    QSignalSpy changes(&edit, &QTextEdit::textChanged);
    edit.setText(QStringLiteral("second"));
    QCOMPARE(changes.size(), 1);
    edit.undo();
    QCOMPARE(edit.text(), QStringLiteral("second"));
    QTest::keyClicks(&edit, QStringLiteral("x"));
    QVERIFY(edit.document()->isModified());
    edit.undo();
    QCOMPARE(edit.text(), QStringLiteral("second"));
}

void TestInputs::codeViewIsReadOnlyButReachable()
{
    CodeView view(&m_theme, Syntax::Json);
    view.setText(QStringLiteral("{}"));
    QTest::keyClicks(&view, QStringLiteral("x"));
    QCOMPARE(view.text(), QStringLiteral("{}"));
    QVERIFY(view.focusPolicy() & Qt::TabFocus);
    QVERIFY(view.textInteractionFlags() & Qt::TextSelectableByKeyboard);
}

void TestInputs::jsonIsColoured()
{
    CodeView view(&m_theme, Syntax::Json);
    const QString text = QStringLiteral(R"({ "a\"b": "c: 1", "n": -1.5e3, "t": true })");
    view.setText(text);
    const auto at = [&](const QString& part) { return colorAt(view, static_cast<int>(text.indexOf(part))); };
    QCOMPARE(at(QStringLiteral("\"a\\\"b\"")), m_theme.color(Token::SyntaxKey));
    QCOMPARE(at(QStringLiteral("b\":")), m_theme.color(Token::SyntaxKey));
    QCOMPARE(at(QStringLiteral("c: 1")), m_theme.color(Token::SyntaxString));
    QCOMPARE(at(QStringLiteral("1\",")), m_theme.color(Token::SyntaxString));
    QCOMPARE(at(QStringLiteral("-1.5e3")), m_theme.color(Token::SyntaxNumber));
    QCOMPARE(at(QStringLiteral("true")), m_theme.color(Token::SyntaxNumber));
    QVERIFY(!at(QStringLiteral("{")).isValid());
}

void TestInputs::variablesAreMarked()
{
    CodeEdit edit(&m_theme, Syntax::Template);
    const QString text =
        QStringLiteral("Use {{language}} and {{ user.name }}, not \\{{literal}} or {{1}} or {x}");
    edit.setText(text);
    const auto at = [&](const QString& part) { return colorAt(edit, static_cast<int>(text.indexOf(part))); };
    QCOMPARE(at(QStringLiteral("{{language")), m_theme.color(Token::Miss));
    QCOMPARE(at(QStringLiteral("user.name")), m_theme.color(Token::Miss));
    QVERIFY(!at(QStringLiteral("literal")).isValid());
    QVERIFY(!at(QStringLiteral("{{1")).isValid());
    QVERIFY(!at(QStringLiteral("{x}")).isValid());
}

void TestInputs::colouringFollowsTheTheme()
{
    CodeView view(&m_theme, Syntax::Json);
    view.setText(QStringLiteral("[1]"));
    QCOMPARE(colorAt(view, 1), tokenColor(Token::SyntaxNumber, false));
    m_theme.setScheme(ColorScheme::Dark);
    QCOMPARE(colorAt(view, 1), tokenColor(Token::SyntaxNumber, true));
    m_theme.setScheme(ColorScheme::Light);
    view.setSyntax(Syntax::None);
    QVERIFY(!colorAt(view, 1).isValid());
}

LLMCACHE_GUI_TEST_MAIN(TestInputs)
#include "tst_inputs.moc"
