#pragma once

#include "cache/cacheview.h"
#include "cache/entrytable.h"
#include "cache/session.h"
#include "guitest.h"
#include "redisserver.h"
#include "theme/theme.h"

#include <QAction>
#include <QInputDialog>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSettings>

namespace llmcache::test {

/// A Cache view over a store of its own, for the tests of the view: a SQLite file, or a Redis server where
/// LLMCACHE_TEST_STORE is "redis". CTest runs every test with both.
class CacheViewTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup() { closeAll(); }

protected:
    static constexpr int patience = 30'000;

    static bool isOnRedis();
    void fill(quint32 count);
    void open();
    /// As one who has switched that off: what others do is for the test to show.
    void openNotLive();
    /// The view, its session and the store are gone.
    void closeAll();
    /// Another program on the same store.
    std::unique_ptr<Session> other() const;
    /// As after the program has ended, with the store and the folder it had.
    void restart();
    /// Entries that the store has, counted one by one: a server's own number is an estimate.
    qint64 storedEntries() const;
    /// Keeps a change of a minute ago that leaves no room for another one to be undone.
    bool fillUndoJournal() const;
    /// Waits until all rows are in the table.
    void waitForRows(int rows);
    template <typename T>
    T* find(const char* name) const
    {
        return m_view->findChild<T*>(QString::fromLatin1(name));
    }
    QString text(const char* label) const { return find<QLabel>(label)->text(); }
    /// Once it can be clicked: a dry run may still be counting.
    void click(const char* name)
    {
        auto* const button = find<QPushButton>(name);
        QTRY_VERIFY(button->isVisible() && button->isEnabled());
        QTest::mouseClick(button, Qt::LeftButton);
    }
    QString fingerprintAt(int row) const
    {
        return m_table->model()->index(row, 0).data(Qt::UserRole + 1).toString();
    }
    void clickRow(int row, Qt::KeyboardModifiers modifiers = {});
    /// A command of the view, by its text.
    void trigger(const QString& command) const
    {
        for (QAction* action : m_view->commands()) {
            if (action->text() == command)
                action->trigger();
        }
    }
    /// Of the menu of a button, as it is now.
    QAction* menuAction(const char* button, const QString& text) const
    {
        auto* const menu = find<QPushButton>(button)->menu();
        Q_EMIT menu->aboutToShow();
        for (QAction* action : menu->actions()) {
            if (action->text() == text)
                return action;
        }
        return nullptr;
    }
    QInputDialog* dialog(const char* name) const { return find<QInputDialog>(name); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<RedisServer> m_redis;
    std::unique_ptr<ui::Theme> m_theme;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<ui::CacheView> m_view;
    ui::EntryTable* m_table = nullptr;
};

} // namespace llmcache::test
