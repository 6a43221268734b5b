#pragma once

#include "agent/agent.h"
#include "agent/message.h"
#include "cost/pricetable.h"

#include <QWidget>

class QComboBox;
class QGridLayout;
class QLineEdit;
class QStackedWidget;

namespace llmcache::ui {

class CodeEdit;
class ElidedLabel;
class FindBar;
class HistoryEditor;
class OutputEditor;
class SettingsEditor;
class TabStrip;
class Theme;

/// The form that edits one agent, and the history of the run that is being prepared.
class AgentForm : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the form.
    explicit AgentForm(const Theme* theme, QWidget* parent = nullptr);
    /// Models for completion, with their prices.
    void setPrices(const PriceTable& prices);
    /// Task names for completion.
    void setTasks(const QStringList& tasks);
    /// What runs of the agent are billed to unless they say otherwise.
    QString task() const;
    /// Shows an agent; not an edit.
    void setAgent(const Agent& agent);
    /// What is typed. Throws ConfigurationError that names the field.
    Agent agent() const;
    /// Likewise, with what was there before in place of fields that are no good yet.
    Agent lenientAgent() const;
    /// The text in the editor of the schema, whether it is one or not.
    QString schemaText() const;
    void setSchemaText(const QString& text);
    History history() const;
    void setHistory(const History& history);
    /// Texts in which `{{name}}` makes a variable, besides the prompt.
    QString templateTexts() const;
    CodeEdit* systemPrompt() const { return m_systemPrompt; }
    QLineEdit* nameField() const { return m_name; }
    /// Find and replace in the text on show, or in the last one that had the focus.
    void openFind();

Q_SIGNALS:
    void edited();
    /// Something that was asked for in the form did not work.
    void problem(const QString& message, const QString& remedy);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    SystemPrompt systemPromptTyped() const;
    void updateModelInfo();
    void arrangeHead();
    void updateSettings();
    void updateTabs();
    const Theme* m_theme;
    PriceTable m_prices;
    Agent m_base; ///< keeps what the form does not show (tools, extra headers, several system prompts)
    QLineEdit* m_name;
    QComboBox* m_model;
    ElidedLabel* m_modelInfo;
    QLineEdit* m_task;
    QGridLayout* m_head;
    QWidget* m_nameBox;
    QWidget* m_modelBox;
    QWidget* m_taskBox;
    bool m_isNarrow = false;
    TabStrip* m_tabs;
    QStackedWidget* m_pages;
    CodeEdit* m_systemPrompt;
    CodeEdit* m_instructions;
    OutputEditor* m_output;
    SettingsEditor* m_settings;
    HistoryEditor* m_history;
    FindBar* m_find;
};

} // namespace llmcache::ui
