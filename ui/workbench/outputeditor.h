#pragma once

#include "agent/agent.h"

#include <QWidget>

class QComboBox;
class QLineEdit;
class QTimer;

namespace llmcache::ui {

class CodeEdit;
class ElidedLabel;
class SegmentedControl;
class Theme;

/// What the agent answers with: text, or JSON by a schema that is checked while one types.
class OutputEditor : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the editor.
    explicit OutputEditor(const Theme* theme, QWidget* parent = nullptr);
    void setOutput(const OutputType& output);
    /// Throws ConfigurationError when the schema is no JSON Schema or the name is missing.
    OutputType output() const;
    QString schemaText() const;
    CodeEdit* schemaEdit() const { return m_schema; }
    /// Chooses JSON with this schema, as if it had been typed.
    void setSchemaText(const QString& text);

Q_SIGNALS:
    void edited();

private:
    void check();
    void askForExample();
    const Theme* m_theme;
    SegmentedControl* m_kind;
    QWidget* m_fields;
    QLineEdit* m_name;
    QLineEdit* m_description;
    QComboBox* m_mode;
    CodeEdit* m_schema;
    ElidedLabel* m_verdict;
    QTimer* m_checkDelay;
    QString m_pythonType;
};

} // namespace llmcache::ui
