#pragma once

#include "cost/pricefiles.h"
#include "widgets/card.h"
#include "widgets/tasks.h"

#include <array>

class QLineEdit;
class QTableView;

namespace llmcache {
class Session;
}

namespace llmcache::ui {

class CustomCostsModel;
class ErrorBanner;
class PriceImportPanel;

/// The prices in force: which table, custom costs by model, and a way to another table. What it changes holds
/// for the session at once, and for every program that uses the data folder.
class PricesCard : public Card {
    Q_OBJECT
public:
    /// `theme` and `session` must outlive the widget.
    PricesCard(const Theme* theme, Session* session, QWidget* parent = nullptr);
    /// Reads the files again: another program may have changed them.
    void reload();
    /// Puts a model and its custom costs, if it has some, into the form.
    void editModel(const QString& model);
    void stopTasks();
    int activeTasks() const;

Q_SIGNALS:
    /// Something was done; `undo` takes it back.
    void notice(const QString& text, const QString& action, const std::function<void()>& undo);
    void activeTasksChanged();

private:
    struct State {
        PriceTable table;
        bool ownTable = false;
    };
    using Change = std::function<void(PriceFiles&)>;
    static QCoro::Task<State> apply(QString folder, Change change);

    void layOut();
    /// Makes the change on another thread, and then shows what is in force; `done` comes after that.
    void change(Change change, std::function<void()> done = {});
    void show(const State& state);
    /// Shows what another place of the window has put into force.
    void follow();
    void fitTable();
    void saveCosts();
    void removeCosts(const QString& model);
    void useTable(const QByteArray& table);
    void useBuiltInTable();
    void fillForm(const QString& model);
    void updateButtons();

    const Theme* m_theme;
    Session* m_session;
    QLabel* m_table;
    Button* m_builtIn;
    ErrorBanner* m_banner;
    QLabel* m_none;
    QTableView* m_custom;
    CustomCostsModel* m_costs;
    QLineEdit* m_model;
    std::array<QLineEdit*, 4> m_prices{}; ///< input, output, cache write, cache read
    Button* m_save;
    Button* m_remove;
    PriceImportPanel* m_import;
    bool m_isChanging = false; ///< the prices of the session, from here
    TaskScope m_tasks;
    TaskScope m_followTasks;
};

} // namespace llmcache::ui
