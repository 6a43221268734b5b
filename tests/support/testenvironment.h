#pragma once

#include <QTemporaryDir>

namespace llmcache::test {

/// A HOME (and XDG folders) of its own for as long as it lives, with the provider and store variables
/// unset. Make one before the QApplication.
class TestEnvironment {
public:
    TestEnvironment();
    QString path(const QString& name) const { return m_directory.filePath(name); }

private:
    QTemporaryDir m_directory;
};

/// main() for a test class: isolated environment, QCoreApplication, QTest::qExec.
#define LLMCACHE_TEST_MAIN(TestClass)                                                                        \
    int main(int argc, char** argv)                                                                          \
    {                                                                                                        \
        const llmcache::test::TestEnvironment environment;                                                   \
        const QCoreApplication application(argc, argv);                                                      \
        TestClass test;                                                                                      \
        return QTest::qExec(&test, argc, argv);                                                              \
    }

} // namespace llmcache::test
