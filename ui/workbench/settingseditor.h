#pragma once

#include "agent/agent.h"

#include <QWidget>

#include <vector>

class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;

namespace llmcache::ui {

/// Model settings, lifetime and retries. An empty field leaves the setting to the provider.
class SettingsEditor : public QWidget {
    Q_OBJECT
public:
    explicit SettingsEditor(QWidget* parent = nullptr);
    /// Shows settings, ttl, retries, tags and base URL of an agent.
    void setAgent(const Agent& agent);
    /// Puts what was typed into the agent. Throws ConfigurationError that names the field.
    void apply(Agent& agent) const;
    /// How many settings are set.
    int count() const;
    /// What is typed for thinking: null for nothing, a word, or a number of tokens.
    Json thinking() const;
    /// Takes away the fields of settings that the model does not take ("top_k"); one that is set stays, and
    /// says that it is left out.
    void setUntaken(const QString& model, const QStringList& untaken);

Q_SIGNALS:
    void edited();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Field {
        QString setting; ///< as agent files name it
        QString title;
        QWidget* box;
        QLabel* label;
        QWidget* control;
    };
    QLineEdit* addField(
        const QString& setting, const QString& label, const QString& name, const QString& placeholder);
    void addBox(const QString& setting, const QString& label, QWidget* control);
    bool isSet(const Field& field) const;
    void showFields();
    QGridLayout* m_grid;
    std::vector<Field> m_fields;
    QString m_model;
    QStringList m_untaken;
    std::vector<QWidget*> m_placed;
    int m_columns = 0;
    QLineEdit* m_temperature;
    QLineEdit* m_maxTokens;
    QLineEdit* m_topP;
    QLineEdit* m_topK;
    QLineEdit* m_seed;
    QLineEdit* m_stop;
    QComboBox* m_thinking;
    QLineEdit* m_timeout;
    QLineEdit* m_ttl;
    QLineEdit* m_retries;
    QLineEdit* m_tags;
    QLineEdit* m_baseUrl;
    QLineEdit* m_extraBody;
};

} // namespace llmcache::ui
