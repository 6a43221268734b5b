#pragma once

#include "provider/keyring.h"
#include "widgets/card.h"
#include "widgets/tasks.h"

#include <vector>

namespace llmcache::ui {

class ErrorBanner;
class KeyRow;

/// The providers' keys: which are set and where, and a way to set, replace and delete them. A key that was
/// typed is never shown again.
class KeysCard : public Card {
    Q_OBJECT
public:
    /// `theme` and `keys` must outlive the widget.
    KeysCard(const Theme* theme, KeyRing* keys, QWidget* parent = nullptr);
    /// Looks again which keys there are: another program may have stored one.
    void reload();
    void stopTasks() { m_tasks.stop(); }
    int activeTasks() const { return m_tasks.active(); }

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

    KeyRing* m_keys;
    ErrorBanner* m_banner;
    std::vector<KeyRow*> m_rows;
    TaskScope m_tasks;
};

} // namespace llmcache::ui
