#pragma once

#include <QFrame>
#include <QPointer>

class QAction;
class QLineEdit;
class QListView;

namespace llmcache::ui {

class CommandModel;
class Theme;

/// A field over a list of commands, inside its window: type to filter, Up and Down to choose, Enter to run,
/// Escape to close. Gives the focus back where it was.
class CommandPalette : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    CommandPalette(const Theme* theme, QWidget* window);
    /// Adds commands; `group` names where they belong ("Cache"). They may be deleted at any time.
    void addCommands(const QString& group, const QList<QAction*>& actions);
    /// Shows it with an empty field and every command that is enabled now.
    void open();
    void close();
    /// Texts of the commands that are shown, best first.
    QStringList shownCommands() const;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void place();
    void filter();
    void runCurrent();
    void move(int rows);
    QWidget* m_window;
    QLineEdit* m_field;
    QListView* m_list;
    CommandModel* m_model;
    QPointer<QWidget> m_focusBefore;
};

} // namespace llmcache::ui
