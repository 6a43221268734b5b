#pragma once

#include "provider/keyring.h"
#include "widgets/card.h"
#include "widgets/tasks.h"

#include <memory>
#include <vector>

namespace llmcache {
class ProviderRegistry;
} // namespace llmcache

namespace llmcache::ui {

class ErrorBanner;
class KeyRow;

/// The providers' keys: which are set and where, and a way to set, replace and delete them. A key that was
/// typed is never shown again.
class KeysCard : public Card {
    Q_OBJECT
public:
    /// `theme`, `keys` and `providers` must outlive the widget.
    KeysCard(const Theme* theme, KeyRing* keys, ProviderRegistry* providers, QWidget* parent = nullptr);
    /// Looks again which keys there are: another program may have stored one.
    void reload();
    void stopTasks();
    int activeTasks() const;

Q_SIGNALS:
    /// Something was done.
    void notice(const QString& text);
    void activeTasksChanged();

private:
    void showPlaces();
    void edit(KeyRow* row);
    void store(KeyRow* row, const QString& key);
    void keepForSession(KeyRow* row, const QString& key);
    void remove(KeyRow* row);
    void test(KeyRow* row, TaskScope* scope);

    KeyRing* m_keys;
    ProviderRegistry* m_providers;
    ErrorBanner* m_banner;
    std::vector<KeyRow*> m_rows;
    std::vector<std::unique_ptr<TaskScope>> m_tests; ///< one a row
    TaskScope m_tasks;
};

} // namespace llmcache::ui
