#pragma once

#include "agent/agent.h"

#include <QDialog>

namespace llmcache::ui {

class Theme;

/// An agent that somebody else saved while it was edited here: how the two differ, and which is to stay.
/// Closing it decides nothing.
class ConflictDialog : public QDialog {
    Q_OBJECT
public:
    /// `theme` must outlive the dialog.
    ConflictDialog(
        const Theme* theme, const StoredAgent& theirs, const Agent& mine, QWidget* parent = nullptr);

Q_SIGNALS:
    void theirsChosen();
    void mineChosen();
};

} // namespace llmcache::ui
