#pragma once

#include "testenvironment.h"

#include <QApplication>
#include <QTest>

namespace llmcache::test {

/// main() for a test class with widgets: isolated environment, offscreen unless the caller chose another
/// platform, no animations, QApplication, QTest::qExec.
#define LLMCACHE_GUI_TEST_MAIN(TestClass)                                                                    \
    int main(int argc, char** argv)                                                                          \
    {                                                                                                        \
        const llmcache::test::TestEnvironment environment;                                                   \
        if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))                                                   \
            qputenv("QT_QPA_PLATFORM", "offscreen");                                                         \
        const QApplication application(argc, argv);                                                          \
        QApplication::setEffectEnabled(Qt::UI_AnimateMenu, false);                                           \
        QApplication::setEffectEnabled(Qt::UI_AnimateTooltip, false);                                        \
        TestClass test;                                                                                      \
        return QTest::qExec(&test, argc, argv);                                                              \
    }

} // namespace llmcache::test
