#pragma once

#include "store/entryimage.h"
#include "widgets/historydialog.h"

#include <optional>
#include <vector>

namespace llmcache::ui {

/// What an entry was, to be shown and restored.
struct Revision {
    Entry entry; ///< of a pickle without an answer just its metadata
    EntryImage image;
};
/// Nothing for an image that is damaged: there is nothing to go back to.
std::optional<Revision> revisionFrom(const EntryImage& image);

/// The revisions that edits of an entry replaced, the newest first, each with what differs from the present
/// one.
class RevisionsDialog : public HistoryDialog {
    Q_OBJECT
public:
    /// `theme` must outlive the dialog. `obstacle` says why none can be restored; empty = they can. There
    /// must be an earlier one.
    RevisionsDialog(const Theme* theme, Revision present, std::vector<Revision> earlier,
        const QString& obstacle, QWidget* parent = nullptr);

Q_SIGNALS:
    /// The entry is to become what it was in this revision.
    void restoreRequested(const llmcache::EntryImage& revision);

private:
    void showDifferences(int row) override;
    void restore(std::size_t row) override;
    Revision m_present;
    std::vector<Revision> m_earlier;
};

} // namespace llmcache::ui
