#include "workbench/agentform.h"

#include "base/error.h"
#include "provider/untaken.h"
#include "theme/theme.h"
#include "widgets/codeedit.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"
#include "widgets/format.h"
#include "widgets/tabstrip.h"
#include "workbench/findbar.h"
#include "workbench/historyeditor.h"
#include "workbench/modeldelegate.h"
#include "workbench/outputeditor.h"
#include "workbench/settingseditor.h"
#include "workbench/taskcompleter.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QCompleter>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <array>

namespace llmcache::ui {

namespace {

enum Tab { SystemTab, InstructionsTab, OutputTab, SettingsTab, HistoryTab };

constexpr int narrowWidth = 480;

/// Several system prompts share one editor, a line of dashes between them.
const QString promptSeparator = QStringLiteral("\n---\n");

/// `note` stands beside the label.
QWidget* labelled(const QString& label, QWidget* field, QWidget* note = nullptr)
{
    auto* const box = new QWidget;
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    auto* head = new QHBoxLayout;
    head->addWidget(fieldLabel(label, field));
    if (note)
        head->addWidget(note, 1);
    column->addLayout(head);
    column->addWidget(field);
    return box;
}

QString price(const QString& perMillion)
{
    const auto money = Money::fromDecimal(perMillion);
    return money ? money->toDisplay() : QStringLiteral("?");
}

/// What a model costs and how much it reads.
QString factsOf(const ModelInfo& info)
{
    QString text =
        AgentForm::tr("%1 in · %2 out / M").arg(price(info.inputPerMillion), price(info.outputPerMillion));
    if (info.contextWindow > 0)
        text += AgentForm::tr(" · %1 k").arg(info.contextWindow / 1000);
    return text;
}

} // namespace

AgentForm::AgentForm(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_name(new QLineEdit)
    , m_model(new QComboBox)
    , m_modelInfo(new ElidedLabel)
    , m_task(new QLineEdit)
    , m_head(new QGridLayout)
    , m_nameBox(labelled(tr("Name"), m_name))
    , m_modelBox(labelled(tr("Model"), m_model, m_modelInfo))
    , m_taskBox(labelled(tr("Task"), m_task))
    , m_tabs(new TabStrip(theme))
    , m_pages(new QStackedWidget)
    , m_systemPrompt(new CodeEdit(theme, Syntax::Template))
    , m_instructions(new CodeEdit(theme, Syntax::Template))
    , m_output(new OutputEditor(theme))
    , m_settings(new SettingsEditor)
    , m_history(new HistoryEditor(theme))
    , m_find(new FindBar)
{
    for (CodeEdit* editor : {m_systemPrompt, m_instructions})
        editor->setLineNumbers(true);
    m_name->setObjectName(QStringLiteral("agent name"));
    m_model->setObjectName(QStringLiteral("model"));
    m_task->setObjectName(QStringLiteral("task"));
    m_systemPrompt->setObjectName(QStringLiteral("system prompt"));
    m_systemPrompt->setAccessibleName(tr("System prompt"));
    m_systemPrompt->setPlaceholderText(tr("What the model is and how it should answer"));
    m_instructions->setObjectName(QStringLiteral("instructions"));
    m_instructions->setAccessibleName(tr("Instructions"));
    m_instructions->setPlaceholderText(tr("Sent again with every request, also within a conversation"));
    m_model->setEditable(true);
    m_model->setInsertPolicy(QComboBox::NoInsert);
    m_model->setMaxVisibleItems(20);
    m_model->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_model->setMinimumContentsLength(18);
    m_model->lineEdit()->setPlaceholderText(tr("provider:model"));
    m_model->setItemDelegate(new ModelDelegate(theme, m_model));
    m_task->setPlaceholderText(tr("agent's name"));
    m_modelInfo->setFont(textFont(TextSize::Small));
    setTone(m_modelInfo, Tone::Secondary);
    m_modelInfo->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_pages->addWidget(m_systemPrompt);
    m_pages->addWidget(m_instructions);
    m_pages->addWidget(m_output);
    m_pages->addWidget(m_settings);
    m_pages->addWidget(m_history);
    for (int tab = SystemTab; tab <= HistoryTab; ++tab)
        m_tabs->addTab(QString());
    m_tabs->setObjectName(QStringLiteral("agent tabs"));
    m_tabs->setAccessibleName(tr("Parts of the agent"));

    m_head->setHorizontalSpacing(12);
    m_head->setVerticalSpacing(8);
    arrangeHead();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    column->addLayout(m_head);
    column->addWidget(m_tabs);
    column->addWidget(m_pages, 1);
    column->addWidget(m_find);

    connect(m_tabs, &QTabBar::currentChanged, m_find, &QWidget::hide);
    connect(m_tabs, &QTabBar::currentChanged, m_pages, &QStackedWidget::setCurrentIndex);
    connect(m_name, &QLineEdit::textEdited, this, &AgentForm::edited);
    // Not textEdited: a completion that one chooses is an edit, too.
    connect(m_task, &QLineEdit::textChanged, this, &AgentForm::edited);
    connect(m_model, &QComboBox::editTextChanged, this, [this] {
        updateModelInfo();
        Q_EMIT edited();
    });
    connect(m_systemPrompt, &QTextEdit::textChanged, this, &AgentForm::edited);
    connect(m_instructions, &QTextEdit::textChanged, this, &AgentForm::edited);
    connect(m_output, &OutputEditor::edited, this, &AgentForm::edited);
    connect(m_settings, &SettingsEditor::edited, this, &AgentForm::edited);
    connect(m_history, &HistoryEditor::edited, this, &AgentForm::edited);
    connect(m_history, &HistoryEditor::problem, this, &AgentForm::problem);
    connect(this, &AgentForm::edited, this, &AgentForm::updateTabs);
    connect(m_settings, &SettingsEditor::edited, this, &AgentForm::updateSettings);
    updateTabs();
}

void AgentForm::setPrices(const PriceTable& prices)
{
    m_prices = prices;
    const QSignalBlocker blocked(m_model);
    const QString typed = m_model->currentText();
    m_model->clear();
    for (const ModelInfo& info : m_prices.models())
        m_model->addItem(info.provider + QLatin1Char(':') + info.model, factsOf(info));
    m_model->setCurrentText(typed);
    if (!m_model->lineEdit()->hasFocus())
        m_model->lineEdit()->setCursorPosition(0);
    auto* completer = new QCompleter(m_model->model(), m_model);
    completer->setFilterMode(Qt::MatchContains);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    completer->popup()->setItemDelegate(new ModelDelegate(m_theme, completer->popup()));
    m_model->setCompleter(completer);
    updateModelInfo();
}

void AgentForm::setTasks(const QStringList& tasks)
{
    m_task->setCompleter(completerOf(tasks, m_task));
}

QString AgentForm::task() const
{
    const QString task = m_task->text().trimmed();
    return task.isEmpty() ? m_name->text().trimmed() : task;
}

void AgentForm::setAgent(const Agent& agent)
{
    const QSignalBlocker blocked(this);
    m_base = agent;
    m_name->setText(agent.name);
    m_model->setCurrentText(agent.model);
    m_task->setText(agent.task);
    m_systemPrompt->setText(agent.systemPrompt.join(promptSeparator));
    m_instructions->setText(agent.instructions);
    m_output->setOutput(agent.output);
    m_settings->setAgent(agent);
    // A long text shows its beginning.
    for (QLineEdit* field : {m_name, m_model->lineEdit(), m_task})
        field->setCursorPosition(0);
    updateModelInfo();
    updateTabs();
}

Agent AgentForm::agent() const
{
    Agent agent = m_base;
    agent.name = m_name->text().trimmed();
    agent.model = m_model->currentText().trimmed();
    agent.task = m_task->text().trimmed();
    if (agent.name.isEmpty())
        throw ConfigurationError(tr("The agent has no name."), tr("Give it one."));
    ModelRef::parse(agent.model);
    agent.systemPrompt = systemPromptTyped();
    agent.instructions = m_instructions->text();
    agent.output = m_output->output();
    m_settings->apply(agent);
    return agent;
}

SystemPrompt AgentForm::systemPromptTyped() const
{
    const QString system = m_systemPrompt->text();
    // A prompt may have the line of dashes in itself.
    if (system == m_base.systemPrompt.join(promptSeparator))
        return m_base.systemPrompt;
    return system.isEmpty() ? SystemPrompt() : SystemPrompt(system.split(promptSeparator));
}

void AgentForm::openFind()
{
    if (m_tabs->currentIndex() == OutputTab) {
        m_find->open(m_output->schemaEdit());
        return;
    }
    if (m_tabs->currentIndex() != InstructionsTab)
        m_tabs->setCurrentIndex(SystemTab);
    m_find->open(m_tabs->currentIndex() == InstructionsTab ? m_instructions : m_systemPrompt);
}

Agent AgentForm::lenientAgent() const
{
    Agent agent = m_base;
    agent.name = m_name->text().trimmed().isEmpty() ? m_base.name : m_name->text().trimmed();
    agent.model = m_model->currentText().trimmed();
    try {
        ModelRef::parse(agent.model);
    } catch (const Error&) {
        agent.model = m_base.model;
    }
    agent.task = m_task->text().trimmed();
    agent.systemPrompt = systemPromptTyped();
    agent.instructions = m_instructions->text();
    try {
        agent.output = m_output->output();
    } catch (const Error&) {
        agent.output = m_base.output;
    }
    try {
        Agent settings = agent;
        m_settings->apply(settings);
        agent = settings;
    } catch (const Error&) {
        // The settings that it had.
    }
    return agent;
}

QString AgentForm::schemaText() const
{
    return m_output->schemaText();
}

void AgentForm::setSchemaText(const QString& text)
{
    m_output->setSchemaText(text);
}

History AgentForm::history() const
{
    return m_history->history();
}

void AgentForm::setHistory(const History& history)
{
    m_history->setHistory(history);
    updateTabs();
}

void AgentForm::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    if (const bool isNarrow = width() < narrowWidth; isNarrow != m_isNarrow) {
        m_isNarrow = isNarrow;
        arrangeHead();
    }
    updateTabs();
}

void AgentForm::arrangeHead()
{
    for (QWidget* const box : {m_nameBox, m_modelBox, m_taskBox})
        m_head->removeWidget(box);
    // Where there is little room, the model has a row of its own: nobody can use half a name.
    if (m_isNarrow) {
        m_head->addWidget(m_nameBox, 0, 0);
        m_head->addWidget(m_taskBox, 0, 1);
        m_head->addWidget(m_modelBox, 1, 0, 1, 2);
    } else {
        m_head->addWidget(m_nameBox, 0, 0);
        m_head->addWidget(m_modelBox, 0, 1);
        m_head->addWidget(m_taskBox, 0, 2);
    }
    const std::array stretches = m_isNarrow ? std::array{1, 1, 0} : std::array{3, 5, 3};
    for (int column = 0; column < static_cast<int>(stretches.size()); ++column)
        m_head->setColumnStretch(column, stretches.at(static_cast<std::size_t>(column)));
}

QString AgentForm::templateTexts() const
{
    return m_systemPrompt->text() + QLatin1Char('\n') + m_instructions->text();
}

void AgentForm::updateSettings()
{
    const QString model = m_model->currentText().trimmed();
    try {
        m_settings->setUntaken(model, untakenSettings(ModelRef::parse(model), m_settings->thinking()));
    } catch (const Error&) {
        m_settings->setUntaken(model, {}); // not a model yet
    }
}

void AgentForm::updateModelInfo()
{
    updateSettings();
    const auto info = m_prices.find(m_model->currentText().trimmed());
    if (!info) {
        m_modelInfo->setText(m_model->currentText().trimmed().isEmpty() ? QString() : tr("no known price"));
        return;
    }
    m_modelInfo->setText(factsOf(*info));
}

void AgentForm::updateTabs()
{
    m_tabs->setTabText(SystemTab, tr("System prompt"));
    m_tabs->setTabText(
        InstructionsTab, m_instructions->text().isEmpty() ? tr("Instructions") : tr("Instructions ✓"));
    QString output = tr("text");
    try {
        const OutputType type = m_output->output();
        output = type.isText() ? tr("text") : type.name;
    } catch (const Error&) {
        output = tr("✕"); // said in full on its page
    }
    m_tabs->setTabText(OutputTab, tr("Output %1").arg(output));
    m_tabs->setTabToolTip(OutputTab, output);
    const int settings = m_settings->count();
    m_tabs->setTabText(SettingsTab, settings == 0 ? tr("Settings") : tr("Settings %1").arg(settings));
    const int turns = m_history->turns();
    m_tabs->setTabText(HistoryTab, turns == 0 ? tr("History") : tr("History %1").arg(turns));
    // What stands behind a name goes first where there is little room.
    if (m_isNarrow) {
        m_tabs->setTabText(SystemTab, tr("System"));
        m_tabs->setTabText(OutputTab, tr("Output"));
    }
}

} // namespace llmcache::ui
