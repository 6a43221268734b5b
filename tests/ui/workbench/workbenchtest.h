#pragma once

#include "cache/session.h"
#include "guitest.h"
#include "redisserver.h"
#include "scriptedprovider.h"
#include "theme/theme.h"
#include "waitfortask.h"
#include "widgets/badge.h"
#include "widgets/card.h"
#include "widgets/codeedit.h"
#include "widgets/errorbanner.h"
#include "workbench/workbenchview.h"

#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>

namespace llmcache::test {

/// A Workbench view over a store of its own, with the two sample agents, for the tests of the view. The store
/// is an embedded one, or a Redis where LLMCACHE_TEST_REDIS is set: the tests of the view run with both.
class WorkbenchTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();

protected:
    static constexpr int patience = 20'000;
    const QString echo = QStringLiteral("sample: echo");
    const QString profile = QStringLiteral("sample: profile");

    void openSession(const QString& storeUrl = {});
    void open();
    /// Like open(), before the store has answered.
    void openAtOnce();
    template <typename T>
    T* find(const char* name) const
    {
        T* const found = m_window->findChild<T*>(QString::fromLatin1(name));
        return found ? found : (QTest::qFail(name, __FILE__, __LINE__), nullptr);
    }
    void click(const char* button) { QTest::mouseClick(find<QPushButton>(button), Qt::LeftButton); }
    void type(const char* editor, const QString& text);
    void choose(const QString& agent);
    /// Types a prompt, runs it and waits until no run is under way.
    void run(const QString& prompt);
    /// One of the command palette.
    void command(const QString& text);
    /// Entries in the store; a Redis does not count them by itself.
    qint64 storedEntries() const;
    void settle() const { QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience); }
    QString badge() const { return find<ui::Badge>("answer badge")->text(); }
    QString tile(const char* name) const { return find<ui::Tile>(name)->accessibleName(); }
    QString outlook() const { return find<ui::Badge>("outlook badge")->text(); }
    QString state() const { return find<QLabel>("agent state")->text(); }
    ui::ErrorBanner* problem() const { return find<ui::ErrorBanner>("workbench problem"); }
    QString raw() const { return find<ui::CodeView>("answer raw")->text(); }
    void waitForBadge(Outcome outcome)
    {
        QTRY_COMPARE_WITH_TIMEOUT(badge(), ui::badgeOf(outcome).text, patience);
    }
    /// Takes the place of the offline provider; owned by the session.
    ScriptedProvider* script();

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<RedisServer> m_redis;
    std::unique_ptr<ui::Theme> m_theme;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<QWidget> m_window;
    ui::WorkbenchView* m_view = nullptr;
};

} // namespace llmcache::test
