#pragma once

#include "store/store.h"

#include <QWidget>

class QLabel;

namespace llmcache::ui {

class Badge;
class Button;

/// The agent's name and revision, whether it is saved, and the buttons Save and Revert.
class AgentHeader : public QWidget {
    Q_OBJECT
public:
    explicit AgentHeader(QWidget* parent = nullptr);
    /// Why nothing can be saved; empty when it can.
    void setObstacle(const QString& obstacle);
    /// `stored`: as it was loaded, revision 0 = never saved; `name`: as it stands in the form.
    void show(const StoredAgent& stored, const QString& name, bool dirty, qint64 nowMs);
    /// The agents are not there yet.
    void showReading();

Q_SIGNALS:
    void saveRequested();
    void revertRequested();

private:
    QLabel* m_name;
    Badge* m_revision;
    QLabel* m_note;
    Button* m_revert;
    Button* m_save;
    QString m_obstacle;
};

} // namespace llmcache::ui
