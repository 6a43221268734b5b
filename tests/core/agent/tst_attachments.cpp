#include "agent/attachments.h"
#include "base/error.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

class TestAttachments : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void files_data();
    void files();
    void addresses();
    void badOnesAreNamed_data();
    void badOnesAreNamed();

private:
    QString write(const QString& name, const QByteArray& bytes) const
    {
        QFile file(m_environment.path(name));
        return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() ? file.fileName()
                                                                                    : QString();
    }
    TestEnvironment m_environment;
};

void TestAttachments::files_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("mediaType");
    QTest::newRow("text") << u"notes.txt"_qs << QByteArray("hello") << u"text/plain"_qs;
    QTest::newRow("pdf") << u"a.pdf"_qs << QByteArray("%PDF-1.7 ...") << u"application/pdf"_qs;
    QTest::newRow("picture without a name for it")
        << u"picture"_qs << QByteArray("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) << u"image/png"_qs;
    QTest::newRow("as large as it may be")
        << u"large.txt"_qs << QByteArray(largestAttachment, 'x') << u"text/plain"_qs;
}

void TestAttachments::files()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, bytes);
    QFETCH(QString, mediaType);
    const Attachment attachment = attachmentFrom(write(name, bytes));
    QCOMPARE(attachment.name, name);
    QVERIFY(attachment.data == bytes);
    QCOMPARE(attachment.mediaType, mediaType);
    QVERIFY(attachment.url.isEmpty());
}

void TestAttachments::addresses()
{
    const Attachment picture = attachmentFrom(u"https://example.com/a/b.jpg?size=2"_qs);
    QCOMPARE(picture.url, u"https://example.com/a/b.jpg?size=2"_qs);
    QCOMPARE(picture.mediaType, u"image/jpeg"_qs);
    QVERIFY(picture.data.isEmpty());
    QCOMPARE(attachmentFrom(u"https://example.com/"_qs).mediaType, QString());
}

void TestAttachments::badOnesAreNamed_data()
{
    QTest::addColumn<QString>("given");
    QTest::addColumn<QString>("words");
    QTest::newRow("missing") << m_environment.path(u"none.png"_qs) << u"none.png"_qs;
    QTest::newRow("empty") << write(u"empty.png"_qs, {}) << u"it is empty"_qs;
    QTest::newRow("folder") << m_environment.path({}) << u"folder"_qs;
    QTest::newRow("too large") << write(u"huge.txt"_qs, QByteArray(largestAttachment + 1, 'x'))
                               << u"larger than 20 MB"_qs;
    QTest::newRow("other scheme") << u"ftp://example.com/a.png"_qs << u"ftp://example.com/a.png"_qs;
    QTest::newRow("no host") << u"https:///a.png"_qs << u"no web address"_qs;
}

void TestAttachments::badOnesAreNamed()
{
    QFETCH(QString, given);
    QFETCH(QString, words);
    try {
        attachmentFrom(given);
        QFAIL("no error");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(words), error.what());
        QVERIFY(!error.remedy().isEmpty());
    }
}

LLMCACHE_TEST_MAIN(TestAttachments)
#include "tst_attachments.moc"
