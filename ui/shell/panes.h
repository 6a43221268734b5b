#pragma once

#include <QList>

class QWidget;

namespace llmcache::ui {

/// Gives the focus to a pane: to itself if it takes it, else to its first visible, enabled control that Tab
/// reaches. False when there is none.
bool focusPane(QWidget* pane);
/// Moves the focus to the pane after (or before) the one that has it, round and round; panes without a
/// control are passed over.
void focusNextPane(const QList<QWidget*>& panes, bool forward);

} // namespace llmcache::ui
