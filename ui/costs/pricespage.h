#pragma once

#include "cache/session.h"
#include "widgets/tasks.h"

#include <QWidget>

#include <functional>

class QBoxLayout;
class QGridLayout;
class QLabel;
class QSortFilterProxyModel;
class QTableView;

namespace llmcache::ui {

class Card;
class ErrorBanner;
class FileSaver;
class PriceListModel;
struct PricedModel;
class PricesCard;
class SearchField;
class Theme;

/// What every model costs: a table of all, those first that were called and have no price; beside it all
/// prices of the one that is chosen, custom costs, and the import of another table.
class PricesPage : public QWidget {
    Q_OBJECT
public:
    /// `theme` and `session` must outlive the widget.
    PricesPage(const Theme* theme, Session* session, QWidget* parent = nullptr);
    /// Asks ledger and price files again.
    void reload();
    QTableView* table() const { return m_table; }
    void stopTasks();
    int activeTasks() const;

Q_SIGNALS:
    /// Something was done; `undo` takes it back.
    void notice(const QString& text, const QString& action, const std::function<void()>& undo);
    void activeTasksChanged();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* createList();
    QWidget* createSide();
    void loadModels();
    void showModels(std::vector<PricedModel> models);
    void showPrices(const QString& model);

    const Theme* m_theme;
    Session* m_session;
    FileSaver* m_saver;
    ErrorBanner* m_banner;
    SearchField* m_search;
    QLabel* m_count;
    QTableView* m_table;
    PriceListModel* m_models;
    QSortFilterProxyModel* m_found;
    Card* m_pricesOf;
    QBoxLayout* m_parts; ///< the list, and what is about one model
    QWidget* m_lines = nullptr;
    PricesCard* m_card;
    QString m_current;
    TaskScope m_tasks;
};

} // namespace llmcache::ui
