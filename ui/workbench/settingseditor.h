#pragma once

#include "agent/agent.h"

#include <QWidget>

class QComboBox;
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

Q_SIGNALS:
    void edited();

private:
    QLineEdit* addField(
        const QString& label, const QString& name, const QString& placeholder, int row, int column);
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
};

} // namespace llmcache::ui
