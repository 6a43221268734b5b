#include "workbench/promptpanel.h"

#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/codeedit.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"
#include "widgets/format.h"
#include "workbench/attachmentbar.h"
#include "workbench/findbar.h"
#include "workbench/taskcompleter.h"
#include "workbench/variablefield.h"

#include <QDragEnterEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMenu>
#include <QMimeData>
#include <QSpinBox>
#include <QUrl>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

QString policyText(CachePolicy policy)
{
    switch (policy) {
    case CachePolicy::Use:
        return QObject::tr("Use cache");
    case CachePolicy::Refresh:
        return QObject::tr("Refresh");
    case CachePolicy::Bypass:
        return QObject::tr("Bypass");
    case CachePolicy::Only:
        return QObject::tr("Cache only");
    case CachePolicy::ReadOnly:
        return QObject::tr("Read only");
    }
    return {};
}

QString policyHelp(CachePolicy policy)
{
    switch (policy) {
    case CachePolicy::Use:
        return QObject::tr("Answer from the cache; pay for a miss and store it");
    case CachePolicy::Refresh:
        return QObject::tr("Pay for a new answer and store it over the old one");
    case CachePolicy::Bypass:
        return QObject::tr("Pay for a new answer and store nothing");
    case CachePolicy::Only:
        return QObject::tr("Answer from the cache or fail; never pay");
    case CachePolicy::ReadOnly:
        return QObject::tr("Answer from the cache; pay for a miss and store nothing");
    }
    return {};
}

} // namespace

PromptPanel::PromptPanel(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_prompt(new CodeEdit(theme, Syntax::Template))
    , m_attachments(new AttachmentBar(theme))
    , m_fields(new QGridLayout)
    , m_bottom(new QBoxLayout(QBoxLayout::LeftToRight))
    , m_task(new QLineEdit)
    , m_sample(new QSpinBox)
    , m_find(new FindBar)
    , m_badge(new Badge)
    , m_explain(flatButton(tr("Why?")))
    , m_outlook(new ElidedLabel)
    , m_policyButton(secondaryButton(policyText(CachePolicy::Use)))
    , m_run(primaryButton(tr("Run")))
    , m_stop(dangerButton(tr("Stop")))
{
    setObjectName(QStringLiteral("prompt panel"));
    m_prompt->setObjectName(QStringLiteral("prompt"));
    m_prompt->setPlaceholderText(tr("Ask something. {{name}} makes a variable."));
    m_prompt->setMinimumHeight(52);
    m_task->setObjectName(QStringLiteral("run task"));
    m_task->setToolTip(tr("What this run is billed to; empty = the task of the agent"));
    m_find->setObjectName(QStringLiteral("prompt find bar"));
    m_sample->setRange(0, 1'000'000);
    m_sample->setObjectName(QStringLiteral("sample"));
    m_sample->setToolTip(tr("Number of the repeat; each is an entry of its own"));
    m_badge->setObjectName(QStringLiteral("outlook badge"));
    m_outlook->setObjectName(QStringLiteral("outlook"));
    setTone(m_outlook, Tone::Secondary);
    m_explain->setObjectName(QStringLiteral("explain outlook"));
    m_explain->setAccessibleName(tr("Why will it miss?"));
    m_explain->setToolTip(tr("Shows the nearest entry and what differs from it; nothing is run"));
    m_run->setObjectName(QStringLiteral("run"));
    m_run->setKeyHint(QStringLiteral("Ctrl ⏎"));
    m_stop->setObjectName(QStringLiteral("stop"));
    m_stop->setKeyHint(QStringLiteral("Esc"));
    m_stop->hide();
    m_policyButton->setObjectName(QStringLiteral("policy"));
    m_policyButton->setAccessibleName(tr("How to use the cache"));
    auto* menu = new QMenu(m_policyButton);
    menu->setToolTipsVisible(true);
    for (const CachePolicy policy : {CachePolicy::Use, CachePolicy::Refresh, CachePolicy::Bypass,
             CachePolicy::Only, CachePolicy::ReadOnly}) {
        QAction* const action = menu->addAction(policyText(policy), this, [this, policy] {
            setPolicy(policy);
            Q_EMIT edited();
        });
        action->setToolTip(policyHelp(policy));
    }
    m_policyButton->setMenu(menu);
    setPolicy(m_policy);

    m_fields->setHorizontalSpacing(12);
    m_fields->setVerticalSpacing(8);
    auto* outlook = new QHBoxLayout;
    outlook->setSpacing(8);
    outlook->addWidget(m_badge);
    outlook->addWidget(m_explain);
    outlook->addWidget(m_outlook, 1);
    auto* actions = new QHBoxLayout;
    actions->setSpacing(8);
    actions->addStretch(1);
    actions->addWidget(m_policyButton);
    actions->addWidget(m_stop);
    actions->addWidget(m_run);
    m_bottom->setSpacing(8);
    m_bottom->addLayout(outlook, 1);
    m_bottom->addLayout(actions);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    auto* head = new QHBoxLayout;
    head->addWidget(fieldLabel(tr("Prompt"), m_prompt), 1);
    head->addWidget(m_attachments->button());
    column->addLayout(head);
    column->addWidget(m_prompt, 1);
    column->addWidget(m_find);
    column->addWidget(m_attachments);
    column->addSpacing(4);
    column->addLayout(m_fields);
    column->addSpacing(4);
    column->addLayout(m_bottom);

    connect(m_prompt, &QTextEdit::textChanged, this, [this] {
        updateVariables();
        Q_EMIT edited();
    });
    // Files are dropped anywhere on the panel, not as text into the prompt.
    setAcceptDrops(true);
    m_prompt->setAcceptDrops(false);
    connect(m_attachments, &AttachmentBar::edited, this, &PromptPanel::edited);
    connect(m_attachments, &AttachmentBar::problem, this, &PromptPanel::attachmentRefused);
    // Not textEdited: a completion that one chooses is an edit, too.
    connect(m_task, &QLineEdit::textChanged, this, &PromptPanel::edited);
    connect(m_sample, &QSpinBox::valueChanged, this, &PromptPanel::edited);
    connect(m_run, &QPushButton::clicked, this, &PromptPanel::runRequested);
    connect(m_stop, &QPushButton::clicked, this, &PromptPanel::stopRequested);
    connect(m_explain, &QPushButton::clicked, this, &PromptPanel::explainRequested);
    updateVariables();
    showNoPrediction({});
}

QString PromptPanel::prompt() const
{
    return m_prompt->text();
}

void PromptPanel::setPrompt(const QString& prompt)
{
    m_prompt->setText(prompt);
}

Variables PromptPanel::variables() const
{
    Variables variables;
    for (auto it = m_variables.cbegin(); it != m_variables.cend(); ++it)
        variables.insert(it.key(), it.value()->text());
    return variables;
}

void PromptPanel::setVariables(const Variables& variables)
{
    m_values.insert(variables);
    for (auto it = m_variables.cbegin(); it != m_variables.cend(); ++it) {
        if (variables.contains(it.key()))
            it.value()->setText(variables.value(it.key()));
    }
}

void PromptPanel::setTemplateTexts(const QString& texts)
{
    if (texts == m_otherTexts)
        return;
    m_otherTexts = texts;
    updateVariables();
}

std::vector<Attachment> PromptPanel::attachments() const
{
    return m_attachments->attachments();
}

bool PromptPanel::isReading() const
{
    return m_attachments->isReading();
}

const TaskScope& PromptPanel::tasks() const
{
    return m_attachments->tasks();
}

void PromptPanel::setAttachments(std::vector<Attachment> attachments)
{
    m_attachments->setAttachments(std::move(attachments));
}

void PromptPanel::dragEnterEvent(QDragEnterEvent* event)
{
    if (event->mimeData()->hasUrls())
        event->acceptProposedAction();
}

void PromptPanel::dropEvent(QDropEvent* event)
{
    QStringList given;
    const QList<QUrl> urls = event->mimeData()->urls();
    for (const QUrl& url : urls)
        given.append(url.isLocalFile() ? url.toLocalFile() : url.toString());
    event->acceptProposedAction();
    m_attachments->add(given);
}

void PromptPanel::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    // Beside the buttons of a narrow panel nothing of the outlook would be left.
    constexpr int narrowWidth = 480;
    m_bottom->setDirection(width() < narrowWidth ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
    placeFields();
}

int PromptPanel::sample() const
{
    return m_sample->value();
}

void PromptPanel::setSample(int sample)
{
    m_sample->setValue(sample);
}

QString PromptPanel::taskName() const
{
    return m_task->text().trimmed();
}

void PromptPanel::setTaskName(const QString& name)
{
    m_task->setText(name);
    m_task->setCursorPosition(0);
}

void PromptPanel::setDefaultTask(const QString& name)
{
    m_task->setPlaceholderText(name);
}

void PromptPanel::setTasks(const QStringList& tasks)
{
    m_task->setCompleter(completerOf(tasks, m_task));
}

void PromptPanel::openFind()
{
    m_find->open(m_prompt);
}

void PromptPanel::setPolicy(CachePolicy policy)
{
    m_policy = policy;
    m_policyButton->setText(policyText(policy));
    // The outlook beside it gives way instead.
    m_policyButton->ensurePolished();
    m_policyButton->setMinimumWidth(m_policyButton->sizeHint().width());
    m_policyButton->setToolTip(policyHelp(policy));
}

void PromptPanel::setRunning(bool any, bool shown)
{
    m_stop->setVisible(any);
    m_stop->setText(shown ? tr("Stop") : tr("Stop all"));
    m_stop->setKeyHint(shown ? QStringLiteral("Esc") : QString());
}

void PromptPanel::updateVariables()
{
    const QStringList names = templateVariables(m_prompt->text() + QLatin1Char('\n') + m_otherTexts);
    QStringList present = m_variables.keys();
    QStringList sorted = names;
    sorted.sort();
    if (present == sorted && !m_fieldBoxes.isEmpty())
        return;
    for (auto it = m_variables.cbegin(); it != m_variables.cend(); ++it)
        m_values.insert(it.key(), it.value()->text());
    const std::initializer_list<QWidget*> kept{m_task, m_sample};
    QWidget* focused = nullptr;
    for (QWidget* field : kept) {
        if (field->hasFocus())
            focused = field;
    }
    for (QWidget* box : std::as_const(m_fieldBoxes)) {
        for (QWidget* field : kept) {
            if (box->isAncestorOf(field))
                field->setParent(this);
        }
        m_fields->removeWidget(box);
        box->hide();
        box->deleteLater();
    }
    m_fieldBoxes.clear();
    m_variables.clear();
    const auto add = [this](const QString& label, QWidget* field) {
        auto* box = new QWidget;
        auto* column = new QVBoxLayout(box);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(4);
        column->addWidget(fieldLabel(label, field));
        column->addWidget(field);
        m_fieldBoxes.append(box);
    };
    for (const QString& name : names) {
        auto* field = new VariableField(m_values.value(name));
        field->setObjectName(QStringLiteral("variable ") + name);
        connect(field, &VariableField::edited, this, &PromptPanel::edited);
        m_variables.insert(name, field);
        add(name, field);
    }
    add(tr("Task of this run"), m_task);
    add(tr("Sample"), m_sample);
    m_fieldsPerRow = 0;
    placeFields();
    for (QWidget* field : kept)
        field->show();
    if (focused)
        focused->setFocus();
}

void PromptPanel::placeFields()
{
    constexpr int wideWidth = 560;
    const int perRow = width() < wideWidth ? 3 : 4;
    if (perRow == m_fieldsPerRow)
        return;
    m_fieldsPerRow = perRow;
    for (int column = 0; column < m_fields->columnCount(); ++column)
        m_fields->setColumnStretch(column, 0);
    for (int column = 0; column < perRow; ++column)
        m_fields->setColumnStretch(column, 1);
    for (qsizetype place = 0; place < m_fieldBoxes.size(); ++place)
        m_fields->addWidget(m_fieldBoxes.at(place), static_cast<int>(place) / perRow,
            static_cast<int>(place) % perRow, Qt::AlignTop);
}

void PromptPanel::showPrediction(const Prediction& prediction, qint64 nowMs, const QString& untaken)
{
    const bool reads = m_policy != CachePolicy::Refresh && m_policy != CachePolicy::Bypass;
    m_badge->show();
    m_explain->setVisible(!prediction.entry && reads && prediction.problem.isEmpty());
    if (prediction.entry && reads) {
        const EntryMeta& meta = *prediction.entry;
        m_badge->setBadge(BadgeKind::Hit, tr("● will hit"));
        m_outlook->setText(
            tr("stored %1 by %2 · saves %3")
                .arg(format::relativeTime(meta.createdMs, nowMs), meta.author, format::money(meta.cost)));
        return;
    }
    if (!untaken.isEmpty()) {
        m_explain->hide();
        m_badge->setBadge(BadgeKind::Error, tr("✕ not taken"));
        m_outlook->setText(untaken);
        return;
    }
    QString cost = tr("about %1 tokens in").arg(format::count(prediction.estimatedInputTokens));
    cost += prediction.estimatedCost ? tr(" · ≈ %1").arg(prediction.estimatedCost->toDisplay())
                                     : tr(" · no known price");
    if (m_policy == CachePolicy::Only) {
        m_badge->setBadge(BadgeKind::Error, tr("✕ no entry"));
        cost = tr("cache only: this run would fail");
    } else {
        m_badge->setBadge(BadgeKind::Miss, reads ? tr("○ will miss") : tr("○ will pay"));
    }
    m_outlook->setText(prediction.problem.isEmpty() ? cost : tr("%1 · cache unreachable").arg(cost));
}

void PromptPanel::showNoPrediction(const QString& why)
{
    m_badge->setVisible(false);
    m_explain->setVisible(false);
    m_outlook->setText(why);
}

} // namespace llmcache::ui
