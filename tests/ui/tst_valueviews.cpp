#include "guitest.h"
#include "theme/theme.h"
#include "widgets/diffview.h"
#include "widgets/jsontree.h"
#include "widgets/markdownview.h"

#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTextEdit>

using namespace llmcache;
using namespace llmcache::ui;

class TestValueViews : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void markdownIsRendered();
    void imagesAreWordsAndNothingIsLoaded();
    void htmlStaysText();
    void linksAskBeforeTheyOpen();
    void otherAddressesDoNotOpen();
    void longMarkdownIsRenderedInPart();
    void treeShowsKeysAndValues();
    void treeOfAPlainValue();
    void treeFetchesLargeArraysInParts();
    void treeCopiesValuesAndPaths();
    void treeFollowsItsModelRules();
    void differencesAreMarked();
    void longEqualPartsAreLeftOut();
    void keysGoFromChangeToChange();
    void jsonIsComparedByPlace();

private:
    Theme m_theme;
};

namespace {

std::shared_ptr<const Json> jsonOf(const QByteArray& text)
{
    return std::make_shared<const Json>(parseJson(text, u"test"_qs));
}

} // namespace

void TestValueViews::initTestCase()
{
    m_theme.setScheme(ColorScheme::Light);
    m_theme.apply(*qApp);
}

void TestValueViews::markdownIsRendered()
{
    MarkdownView view(&m_theme);
    view.setMarkdown(u"# Title\n\nSome **bold** words\n\n- one\n- two\n\n```\ncode\n```\n"_qs);
    QCOMPARE(view.markdown().left(7), u"# Title"_qs);
    const QString shown = view.toPlainText();
    QVERIFY2(shown.contains(u"Some bold words"_qs) && !shown.contains(u"**"_qs), qPrintable(shown));
    QVERIFY2(!shown.contains(u"# Title"_qs) && shown.contains(u"code"_qs), qPrintable(shown));
}

void TestValueViews::imagesAreWordsAndNothingIsLoaded()
{
    // A picture that is really there, where Qt would find it by its path.
    QTemporaryDir folder;
    const QString path = folder.filePath(u"secret.png"_qs);
    QImage image(200, 120, QImage::Format_RGB32);
    image.fill(Qt::magenta);
    QVERIFY(image.save(path));
    MarkdownView view(&m_theme);
    view.resize(400, 400);
    view.setMarkdown(u"Look: ![a cat](%1) and ![a dot](https://example.com/track.png)"_qs.arg(path));
    view.show();
    QVERIFY(QTest::qWaitForWindowExposed(&view));
    QCOMPARE(view.toPlainText(), u"Look: [image: a cat] and [image: a dot]"_qs);
    const QImage shown = view.grab().toImage();
    for (int y = 0; y < shown.height(); ++y)
        for (int x = 0; x < shown.width(); ++x)
            QVERIFY(shown.pixelColor(x, y) != QColor(Qt::magenta));
    // Nor is it given to whoever asks the view for it by its name.
    const auto given = view.loadResource(QTextDocument::ImageResource, QUrl::fromLocalFile(path));
    QVERIFY(given.canConvert<QImage>());
    QCOMPARE(given.value<QImage>().size(), QSize(1, 1));
}

void TestValueViews::htmlStaysText()
{
    MarkdownView view(&m_theme);
    view.setMarkdown(u"before <b>bold</b> <img src=\"file:///etc/hostname\"> after"_qs);
    QVERIFY2(view.toPlainText().contains(u"<b>bold</b>"_qs), qPrintable(view.toPlainText()));
}

void TestValueViews::linksAskBeforeTheyOpen()
{
    MarkdownView view(&m_theme);
    view.show();
    QSignalSpy confirmed(&view, &MarkdownView::linkConfirmed);
    view.setMarkdown(u"[harmless.example](https://other.example/x?y=1)"_qs);
    Q_EMIT view.anchorClicked(QUrl(u"https://other.example/x?y=1"_qs));
    auto* question = view.findChild<QMessageBox*>(u"linkQuestion"_qs);
    QVERIFY(question);
    QCOMPARE(question->informativeText(), u"https://other.example/x?y=1"_qs);
    QVERIFY(confirmed.isEmpty());
    QTest::mouseClick(question->findChild<QPushButton*>(u"openLink"_qs), Qt::LeftButton);
    QCOMPARE(confirmed.size(), 1);
    QCOMPARE(confirmed.constFirst().constFirst().toUrl(), QUrl(u"https://other.example/x?y=1"_qs));
}

void TestValueViews::otherAddressesDoNotOpen()
{
    MarkdownView view(&m_theme);
    view.show();
    Q_EMIT view.anchorClicked(QUrl(u"file:///usr/bin/true"_qs));
    auto* question = view.findChild<QMessageBox*>(u"linkQuestion"_qs);
    QVERIFY(question);
    QVERIFY(!question->findChild<QPushButton*>(u"openLink"_qs));
    question->close();
}

void TestValueViews::longMarkdownIsRenderedInPart()
{
    MarkdownView view(&m_theme);
    const QString text = QString(MarkdownView::mostRendered + 1000, u'x');
    view.setMarkdown(text);
    QCOMPARE(view.markdown(), text);
    QVERIFY(view.toPlainText().endsWith(u"The first 12,000 of 13,000 characters are rendered."_qs));
}

void TestValueViews::treeShowsKeysAndValues()
{
    JsonTreeModel model(&m_theme);
    model.setJson(jsonOf(R"({"name":"Alex","age":30,"tags":["a\nb",null],"nested":{"x y":true}})"));
    model.fetchMore({});
    QCOMPARE(model.rowCount(), 4);
    const auto at = [&model](int row, int column, const QModelIndex& parent = {}) {
        return model.index(row, column, parent).data().toString();
    };
    QCOMPARE(at(0, JsonTreeModel::Key), u"name"_qs);
    QCOMPARE(at(0, JsonTreeModel::Value), u"Alex"_qs);
    QCOMPARE(at(1, JsonTreeModel::Value), u"30"_qs);
    QCOMPARE(at(2, JsonTreeModel::Value), u"2 items"_qs);
    const QModelIndex tags = model.index(2, 0);
    QVERIFY(model.hasChildren(tags));
    QCOMPARE(model.rowCount(tags), 0); // nobody has looked
    model.fetchMore(tags);
    QCOMPARE(at(0, JsonTreeModel::Value, tags), u"a↵b"_qs);
    QCOMPARE(at(1, JsonTreeModel::Value, tags), u"null"_qs);
    QCOMPARE(model.index(1, 0, tags).data(JsonTreeModel::pathRole).toString(), u"tags[1]"_qs);
}

void TestValueViews::treeOfAPlainValue()
{
    JsonTreeModel model(&m_theme);
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setJson(jsonOf("17"));
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(model.index(0, JsonTreeModel::Value).data().toString(), u"17"_qs);
    model.setJson(nullptr);
    QCOMPARE(model.rowCount(), 0);
}

void TestValueViews::treeFetchesLargeArraysInParts()
{
    JsonTreeModel model(&m_theme);
    auto value = std::make_shared<Json>(Json::array());
    for (int item = 0; item < 100'000; ++item)
        value->push_back(item);
    model.setJson(value);
    model.fetchMore({});
    QCOMPARE(model.rowCount(), JsonTreeModel::batch);
    QVERIFY(model.canFetchMore({}));
    model.fetchMore({});
    QCOMPARE(model.rowCount(), 2 * JsonTreeModel::batch);
    QCOMPARE(model.index(999, JsonTreeModel::Value).data().toString(), u"999"_qs);
}

void TestValueViews::treeCopiesValuesAndPaths()
{
    JsonTreeView view(&m_theme);
    view.setJson(jsonOf(R"({"person":{"name":"Alex \"A\""}})"));
    view.resize(300, 200);
    view.show();
    const QModelIndex person = view.model()->index(0, 0);
    QVERIFY(view.isExpanded(person));
    view.setCurrentIndex(view.model()->index(0, 1, person));
    QTest::keyClick(&view, Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QGuiApplication::clipboard()->text(), u"Alex \"A\""_qs);
    view.actions().at(1)->trigger();
    QCOMPARE(QGuiApplication::clipboard()->text(), u"person.name"_qs);
}

void TestValueViews::treeFollowsItsModelRules()
{
    JsonTreeModel model(&m_theme);
    model.setJson(jsonOf(R"({"a":[[1,2],{"b":{}}],"c":"d"})"));
    // Not before: it fetches while a reset is under way, and then complains about what that inserts.
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.fetchMore({});
    model.fetchMore(model.index(0, 0));
    model.fetchMore(model.index(0, 0, model.index(0, 0)));
    QCOMPARE(model.rowCount(model.index(0, 0)), 2);
    model.setJson(jsonOf("[]"));
    QVERIFY(!model.hasChildren());
}

void TestValueViews::differencesAreMarked()
{
    DiffView view(&m_theme);
    std::vector<DiffSection> sections;
    addTextSection(sections, u"Answer"_qs, u"Dear Ms Okafor, thanks."_qs, u"Dear Mr Okafor, thanks."_qs);
    addTextSection(sections, u"Task"_qs, u"same"_qs, u"same"_qs);
    view.setSections(sections);
    QCOMPARE(view.changeCount(), 1);
    auto* text = view.findChild<QTextEdit*>(u"diffText"_qs);
    QCOMPARE(text->toPlainText(), u"Answer\nDear MsMr Okafor, thanks."_qs);
    QTextCursor cursor(text->document());
    cursor.setPosition(int(text->toPlainText().indexOf(u"Ms"_qs)) + 1);
    QVERIFY(cursor.charFormat().fontStrikeOut());
    cursor.setPosition(int(text->toPlainText().indexOf(u"Mr"_qs)) + 1);
    QVERIFY(cursor.charFormat().fontUnderline());
    QVERIFY(!cursor.charFormat().fontStrikeOut());
    view.setSections({});
    QCOMPARE(text->toPlainText(), u"No differences"_qs);
    QCOMPARE(view.changeCount(), 0);
}

void TestValueViews::longEqualPartsAreLeftOut()
{
    QString equal;
    for (int line = 0; line < 50; ++line)
        equal += u"line %1\n"_qs.arg(line);
    DiffView view(&m_theme);
    std::vector<DiffSection> sections;
    addTextSection(sections, {}, u"old\n"_qs + equal + u"old\n"_qs, u"new\n"_qs + equal + u"new\n"_qs);
    view.setSections(sections);
    const QString shown = view.findChild<QTextEdit*>(u"diffText"_qs)->toPlainText();
    QVERIFY2(shown.contains(u"⋯ 44 equal lines"_qs), qPrintable(shown));
    QVERIFY(
        shown.contains(u"line 2\n"_qs) && !shown.contains(u"line 25"_qs) && shown.contains(u"line 47\n"_qs));
}

void TestValueViews::keysGoFromChangeToChange()
{
    DiffView view(&m_theme);
    std::vector<DiffSection> sections;
    addTextSection(sections, {}, u"a 1 b c d e f 2"_qs, u"a 3 b c d e f 4"_qs);
    view.setSections(sections);
    view.show();
    auto* text = view.findChild<QTextEdit*>(u"diffText"_qs);
    QTest::keyClick(text, Qt::Key_F7);
    QCOMPARE(text->textCursor().selectedText(), u"13"_qs);
    QTest::keyClick(text, Qt::Key_F7);
    QCOMPARE(text->textCursor().selectedText(), u"24"_qs);
    QTest::keyClick(text, Qt::Key_F7, Qt::ShiftModifier);
    QCOMPARE(text->textCursor().selectedText(), u"13"_qs);
    QCOMPARE(view.findChild<QLabel*>(u"changeCount"_qs)->text(), u"1 of 2 changes"_qs);
}

void TestValueViews::jsonIsComparedByPlace()
{
    std::vector<DiffSection> sections;
    addJsonSections(sections, u"Request"_qs,
        *jsonOf(R"({"model":"a:b","settings":{"seed":7},"prompt":"one two three"})"),
        *jsonOf(R"({"model":"a:c","settings":{},"prompt":"one 2 three"})"));
    QStringList titles;
    for (const DiffSection& section : sections)
        titles << section.title;
    QCOMPARE(
        titles, QStringList({u"Request · model"_qs, u"Request · settings.seed"_qs, u"Request · prompt"_qs}));
    QCOMPARE(sections.at(2).pieces.size(), std::size_t(4));
}

LLMCACHE_GUI_TEST_MAIN(TestValueViews)
#include "tst_valueviews.moc"
