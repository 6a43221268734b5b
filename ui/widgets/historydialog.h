#pragma once

#include <QDialog>

class QListWidget;
class QVBoxLayout;

namespace llmcache::ui {

class Button;
class DiffView;
class Theme;

/// What something was before, the newest first: a list, what differs from the present in the chosen line, and
/// a button that goes back to it and closes the dialog.
class HistoryDialog : public QDialog {
    Q_OBJECT
protected:
    /// `theme` must outlive the dialog.
    HistoryDialog(const Theme* theme, const QString& restoreText, QWidget* parent);

    void addLine(const QString& text, const QString& toolTip);
    /// Another line was chosen; -1 = none.
    virtual void showDifferences(int row) = 0;
    virtual void restore(std::size_t row) = 0;

    QVBoxLayout* m_column; ///< list, differences and button are in it
    QListWidget* m_list;
    DiffView* m_diff;
    Button* m_restore;
};

} // namespace llmcache::ui
