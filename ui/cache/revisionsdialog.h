#pragma once

#include "store/entry.h"

#include <QDialog>

#include <vector>

class QListWidget;

namespace llmcache::ui {

class Button;
class DiffView;
class Theme;

/// The revisions that edits of an entry replaced, the newest first, each with what differs from the present
/// one.
class RevisionsDialog : public QDialog {
    Q_OBJECT
public:
    /// `theme` must outlive the dialog. `obstacle` says why none can be restored; empty = they can. There
    /// must be an earlier one.
    RevisionsDialog(const Theme* theme, Entry present, std::vector<Entry> earlier, QString obstacle,
        QWidget* parent = nullptr);

Q_SIGNALS:
    /// The entry is to become what it was in this revision.
    void restoreRequested(const llmcache::Entry& entry);

private:
    void showDifferences(int row);
    Entry m_present;
    std::vector<Entry> m_earlier;
    QString m_obstacle;
    QListWidget* m_list;
    DiffView* m_diff;
    Button* m_restore;
};

} // namespace llmcache::ui
