#pragma once

#include "agent/templating.h"
#include "cache/run.h"

#include <QMap>
#include <QWidget>

class QBoxLayout;
class QGridLayout;
class QLabel;
class QLineEdit;
class QSpinBox;

namespace llmcache::ui {

class AttachmentBar;
class Badge;
class Button;
class CodeEdit;
class ElidedLabel;
class FindBar;
class TaskScope;
class Theme;
class VariableField;

/// The prompt, its variables, what will happen, and the Run button.
class PromptPanel : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the panel.
    explicit PromptPanel(const Theme* theme, QWidget* parent = nullptr);
    QString prompt() const;
    void setPrompt(const QString& prompt);
    Variables variables() const;
    void setVariables(const Variables& variables);
    /// Other texts whose placeholders need a field too.
    void setTemplateTexts(const QString& texts);
    /// Those that are there already, see isReading().
    std::vector<Attachment> attachments() const;
    /// A file that was attached is still being read.
    bool isReading() const;
    void setAttachments(std::vector<Attachment> attachments);
    int sample() const;
    void setSample(int sample);
    /// What the run is billed to; empty = what the agent is.
    QString taskName() const;
    void setTaskName(const QString& name);
    /// What the agent's runs are billed to, shown where nothing is typed.
    void setDefaultTask(const QString& name);
    /// Task names for completion.
    void setTasks(const QStringList& tasks);
    CachePolicy policy() const { return m_policy; }
    void setPolicy(CachePolicy policy);
    /// `any`: some run is under way; `shown`: the one on show is, which Stop is about then.
    void setRunning(bool any, bool shown);

    /// What a run would do now. `untaken`: why the model will refuse an attachment; empty = it won't.
    void showPrediction(const Prediction& prediction, qint64 nowMs, const QString& untaken = {});
    void showNoPrediction(const QString& why);
    /// Find and replace in the prompt.
    void openFind();
    CodeEdit* promptEdit() const { return m_prompt; }
    Button* runButton() const { return m_run; }
    /// What reads files.
    const TaskScope& tasks() const;

Q_SIGNALS:
    void edited();
    void runRequested();
    void stopRequested();
    /// Why what is typed would be a miss.
    void explainRequested();
    /// Something could not be attached.
    void attachmentRefused(const QString& message, const QString& remedy);

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void updateVariables();
    void placeFields();
    const Theme* m_theme;
    CodeEdit* m_prompt;
    AttachmentBar* m_attachments;
    QString m_otherTexts;
    QGridLayout* m_fields;
    QList<QWidget*> m_fieldBoxes; ///< in the order of m_fields
    int m_fieldsPerRow = 0;
    QBoxLayout* m_bottom; ///< the outlook, and what one does about it
    QMap<QString, VariableField*> m_variables;
    Variables m_values; ///< also of variables that have no field now
    QLineEdit* m_task;
    QSpinBox* m_sample;
    FindBar* m_find;
    Badge* m_badge;
    Button* m_explain;
    ElidedLabel* m_outlook;
    Button* m_policyButton;
    Button* m_run;
    Button* m_stop;
    CachePolicy m_policy = CachePolicy::Use;
};

} // namespace llmcache::ui
