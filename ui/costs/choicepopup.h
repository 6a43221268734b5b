#pragma once

#include <QFrame>

#include <vector>

class QLabel;
class QTreeWidget;
class QTreeWidgetItem;

namespace llmcache::ui {

class SearchField;
class Theme;

/// A list that drops down from a button: type to find, Enter or a click chooses. With checks it stays open.
class ChoicePopup : public QFrame {
    Q_OBJECT
public:
    struct Choice {
        QString id;
        QString label;
        QString note; ///< at the right, quieter
        bool isChecked = false;
    };
    /// `theme` must outlive the widget.
    ChoicePopup(const Theme* theme, const QString& placeholder, bool checks, QWidget* parent);
    /// Shows it under `anchor`, with a word of waiting until setChoices().
    void openUnder(QWidget* anchor);
    void setChoices(const std::vector<Choice>& choices);
    /// Instead of a list.
    void setMessage(const QString& text);

Q_SIGNALS:
    void chosen(const QString& id);
    void toggled(const QString& id, bool on);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void filter();
    void take(QTreeWidgetItem* item);
    SearchField* m_search;
    QTreeWidget* m_list;
    QLabel* m_message;
    bool m_checks;
};

} // namespace llmcache::ui
