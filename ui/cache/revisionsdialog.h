#pragma once

#include "store/entry.h"
#include "widgets/historydialog.h"

#include <vector>

namespace llmcache::ui {

/// The revisions that edits of an entry replaced, the newest first, each with what differs from the present
/// one.
class RevisionsDialog : public HistoryDialog {
    Q_OBJECT
public:
    /// `theme` must outlive the dialog. `obstacle` says why none can be restored; empty = they can. There
    /// must be an earlier one.
    RevisionsDialog(const Theme* theme, Entry present, std::vector<Entry> earlier, const QString& obstacle,
        QWidget* parent = nullptr);

Q_SIGNALS:
    /// The entry is to become what it was in this revision.
    void restoreRequested(const llmcache::Entry& entry);

private:
    void showDifferences(int row) override;
    void restore(std::size_t row) override;
    Entry m_present;
    std::vector<Entry> m_earlier;
};

} // namespace llmcache::ui
