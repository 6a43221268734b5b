#include "workbench/answerpanel.h"

#include "cache/usagepane.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/card.h"
#include "widgets/codeedit.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"
#include "widgets/emptystate.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/jsontree.h"
#include "widgets/markdownview.h"
#include "widgets/spinner.h"
#include "widgets/tabstrip.h"
#include "workbench/explainpanel.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QMenu>
#include <QScrollBar>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

/// What comes is counted in the same way as what is estimated before a run.
constexpr qsizetype charactersPerToken = 4;

} // namespace

AnswerPanel::AnswerPanel(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_pages(new QStackedWidget)
    , m_empty(new EmptyState(theme, IconName::Workbench, tr("No answer yet"),
          tr("Run the prompt. The first run asks the provider, the next ones answer from the cache.")))
    , m_badge(new Badge)
    , m_headline(makeLabel({}, Tone::Normal, TextSize::Body, QFont::DemiBold))
    , m_subline(new ElidedLabel)
    , m_spinner(new Spinner(theme))
    , m_input(new Tile(theme, tr("Input"), Tile::Size::Compact))
    , m_output(new Tile(theme, tr("Output"), Tile::Size::Compact))
    , m_cost(new Tile(theme, tr("Cost"), Tile::Size::Compact))
    , m_saved(new Tile(theme, tr("Saved"), Tile::Size::Compact))
    , m_banner(new ErrorBanner(theme))
    , m_tabs(new TabStrip(theme))
    , m_forms(new QStackedWidget)
    , m_rendered(new MarkdownView(theme))
    , m_json(new CodeView(theme, Syntax::Json))
    , m_tree(new JsonTreeView(theme))
    , m_raw(new CodeView(theme))
    , m_messages(new CodeView(theme))
    , m_request(new CodeView(theme, Syntax::Json))
    , m_usage(new UsagePane(theme))
    , m_explain(new ExplainPanel(theme))
    , m_verdict(makeLabel({}, Tone::Hit))
    , m_fingerprintLabel(makeLabel({}, Tone::Secondary))
    , m_copyFingerprint(flatButton(tr("copy fingerprint")))
    , m_stop(dangerButton(tr("Stop")))
    , m_copy(secondaryButton(tr("Copy")))
    , m_explainButton(secondaryButton(tr("Explain")))
    , m_compare(secondaryButton(tr("Compare")))
    , m_open(secondaryButton(tr("Open entry")))
{
    setStyleProperty(this, "surface", QStringLiteral("panel"));
    m_badge->setObjectName(QStringLiteral("answer badge"));
    m_headline->setObjectName(QStringLiteral("answer latency"));
    m_rendered->setObjectName(QStringLiteral("answer rendered"));
    m_raw->setObjectName(QStringLiteral("answer raw"));
    m_json->setObjectName(QStringLiteral("answer json"));
    m_messages->setObjectName(QStringLiteral("answer messages"));
    m_request->setObjectName(QStringLiteral("answer request"));
    m_cost->setObjectName(QStringLiteral("tile cost"));
    m_saved->setObjectName(QStringLiteral("tile saved"));
    m_input->setObjectName(QStringLiteral("tile input"));
    m_output->setObjectName(QStringLiteral("tile output"));
    m_banner->setObjectName(QStringLiteral("answer problem"));
    m_tabs->setObjectName(QStringLiteral("answer tabs"));
    m_rendered->setAccessibleName(tr("Answer, rendered"));
    m_tree->setObjectName(QStringLiteral("answer tree"));
    m_tree->setAccessibleName(tr("Answer as a tree"));
    m_stop->setObjectName(QStringLiteral("stop this run"));
    m_stop->setToolTip(tr("Stop this run (Esc)"));
    m_stop->hide();
    setTone(m_subline, Tone::Secondary);

    auto* head = new QHBoxLayout;
    head->setSpacing(10);
    head->addWidget(m_badge);
    head->addWidget(m_headline);
    head->addWidget(m_subline, 1);
    head->addWidget(m_spinner);
    head->addWidget(m_stop);
    for (const QString& title : {tr("Rendered"), tr("JSON"), tr("Tree"), tr("Raw"), tr("Messages"),
             tr("Usage"), tr("Request"), tr("Explain")})
        m_tabs->addTab(title);
    m_tabs->setDense(true);
    m_tabs->setAccessibleName(tr("Forms of the answer"));
    for (QWidget* form : std::initializer_list<QWidget*>{
             m_rendered, m_json, m_tree, m_raw, m_messages, m_usage, m_request, m_explain})
        m_forms->addWidget(form);
    // Where the window is low, the forms scroll or shrink: what stands above them is not squeezed.
    constexpr int leastFormHeight = 52;
    m_forms->setMinimumHeight(leastFormHeight);
    m_json->setAccessibleName(tr("Answer as JSON"));
    m_raw->setAccessibleName(tr("Answer as it came"));
    m_messages->setAccessibleName(tr("Messages of the run"));
    m_request->setAccessibleName(tr("Canonical request"));

    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addLayout(head);
    column->addWidget(createTiles());
    column->addWidget(m_banner);
    column->addWidget(m_tabs);
    column->addWidget(m_forms, 1);
    column->addWidget(createFooter());
    m_pages->addWidget(m_empty);
    m_pages->addWidget(content);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(16, 14, 16, 8);
    outer->addWidget(m_pages);

    connect(m_tabs, &QTabBar::currentChanged, m_forms, &QStackedWidget::setCurrentIndex);
    connect(m_stop, &QPushButton::clicked, this, &AnswerPanel::stopRequested);
    connect(m_explainButton, &QPushButton::clicked, this, &AnswerPanel::showExplanation);
    connect(m_compare, &QPushButton::clicked, this, &AnswerPanel::compareRequested);
    connect(m_explain, &ExplainPanel::openEntry, this, &AnswerPanel::openEntry);
    createCopyMenu();
    connect(m_copyFingerprint, &QPushButton::clicked, this,
        [this] { QGuiApplication::clipboard()->setText(m_fingerprint); });
    connect(m_open, &QPushButton::clicked, this, [this] { Q_EMIT openEntry(m_fingerprint); });
}

QWidget* AnswerPanel::createTiles()
{
    constexpr int leastWidth = 100;
    return new TileGrid({m_input, m_output, m_cost, m_saved}, leastWidth, 8);
}

QWidget* AnswerPanel::createFooter()
{
    m_fingerprintLabel->setFont(codeFont(12));
    m_fingerprintLabel->setObjectName(QStringLiteral("fingerprint"));
    m_open->setObjectName(QStringLiteral("open in cache"));
    m_open->setToolTip(tr("Open the entry in the Cache view"));
    m_copy->setObjectName(QStringLiteral("copy answer"));
    m_explainButton->setObjectName(QStringLiteral("explain"));
    m_explainButton->setToolTip(tr("Why was it a miss?"));
    m_compare->setObjectName(QStringLiteral("compare"));
    m_compare->setToolTip(tr("Compare it with another run; choose several in the list with Ctrl"));
    auto* footer = new QWidget;
    auto* column = new QVBoxLayout(footer);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    auto* actions = new QHBoxLayout;
    actions->setSpacing(4);
    actions->addStretch(1);
    actions->addWidget(m_copy);
    actions->addWidget(m_explainButton);
    actions->addWidget(m_compare);
    actions->addWidget(m_open);
    auto* print = new QHBoxLayout;
    print->setSpacing(4);
    print->addWidget(m_verdict);
    print->addStretch(1);
    print->addWidget(m_fingerprintLabel);
    print->addWidget(m_copyFingerprint);
    column->addLayout(print);
    column->addLayout(actions);
    return footer;
}

void AnswerPanel::resizeEvent(QResizeEvent* event)
{
    QFrame::resizeEvent(event);
    // In a low window the answer needs the room more than the notes below its figures.
    constexpr int lowHeight = 520;
    for (Tile* tile : {m_input, m_output, m_cost, m_saved})
        tile->setLow(height() < lowHeight);
}

void AnswerPanel::createCopyMenu()
{
    auto* menu = new QMenu(m_copy);
    const auto add = [this, menu](const QString& text, const QString& name, auto slot) {
        QAction* const action = menu->addAction(text, this, slot);
        action->setObjectName(name);
        return action;
    };
    m_answerActions.append(
        add(tr("Copy answer"), QStringLiteral("copy answer text"), &AnswerPanel::copyAnswer));
    m_answerActions.append(
        add(tr("Save answer…"), QStringLiteral("save answer"), &AnswerPanel::saveRequested));
    menu->addSeparator();
    const auto addCode = [&](const QString& text, const QString& name, CodeKind kind) {
        add(text, name, [this, kind] { Q_EMIT copyAsRequested(kind); });
    };
    addCode(tr("Copy run as cURL"), QStringLiteral("copy as curl"), CodeKind::Curl);
    addCode(tr("Copy run as C++"), QStringLiteral("copy as cpp"), CodeKind::Cpp);
    addCode(tr("Copy run as Python"), QStringLiteral("copy as python"), CodeKind::Python);
    addCode(tr("Copy run as command line"), QStringLiteral("copy as command"), CodeKind::CommandLine);
    m_copy->setMenu(menu);
}

void AnswerPanel::showExplanation()
{
    m_tabs->setCurrentIndex(ExplainForm);
    if (m_explain->verdict().isEmpty())
        Q_EMIT m_explain->requested();
}

void AnswerPanel::showProblem(const QString& what, const QString& remedy)
{
    m_banner->showProblem(what, remedy);
}

void AnswerPanel::clear()
{
    m_fingerprint.clear();
    m_text.clear();
    m_spinner->setBusy(false);
    m_pages->setCurrentIndex(0);
}

void AnswerPanel::showStarted(const QString& model)
{
    m_pages->setCurrentIndex(1);
    m_banner->clear();
    m_badge->setBadge(BadgeKind::Neutral, tr("running"));
    m_headline->setText({});
    m_subline->setText(model);
    m_spinner->setBusy(true);
    for (Tile* tile : {m_input, m_output, m_cost, m_saved})
        tile->setSkeleton(true);
    m_streaming = true;
    m_text.clear();
    m_isJson = false;
    m_stop->show();
    m_explain->clear();
    m_tree->setJson(nullptr);
    m_tabs->setCurrentIndex(RenderedForm); // where what comes is shown
    for (CodeView* view : {m_json, m_raw, m_messages, m_request})
        view->setText({});
    m_json->setExtraSelections({});
    m_rendered->clear();
    m_rendered->setPlaceholderText({});
    m_usage->clear();
    m_tabs->setTabText(MessagesForm, tr("Messages"));
    m_verdict->clear();
    m_fingerprintLabel->clear();
    m_fingerprint.clear();
    m_copyFingerprint->hide();
    m_open->setEnabled(false);
    m_explainButton->setEnabled(false);
    m_compare->setEnabled(false);
    for (QAction* action : std::as_const(m_answerActions))
        action->setEnabled(false);
}

void AnswerPanel::appendText(const QString& text)
{
    if (!m_streaming)
        return;
    m_text += text;
    for (QAction* action : std::as_const(m_answerActions))
        action->setEnabled(true);
    // Appending is cheap; rendering Markdown for every token is not.
    QScrollBar* const bar = m_rendered->verticalScrollBar();
    const bool atEnd = bar->value() == bar->maximum();
    QTextCursor cursor(m_rendered->document());
    cursor.movePosition(QTextCursor::End);
    cursor.insertText(text);
    if (atEnd)
        bar->setValue(bar->maximum());
}

void AnswerPanel::restartText()
{
    m_text.clear();
    m_rendered->clear();
    m_output->setSkeleton(true);
    for (QAction* action : std::as_const(m_answerActions))
        action->setEnabled(false);
}

void AnswerPanel::showProgress(const QString& what, std::chrono::milliseconds elapsed)
{
    m_headline->setText(format::duration(elapsed));
    m_subline->setText(what);
    if (m_text.isEmpty()) {
        m_rendered->setPlaceholderText(what); // a reason to wait is longer than the line above
        return;
    }
    m_output->setSkeleton(false);
    m_output->setValue(
        QStringLiteral("≈ ") + format::count((m_text.size() + charactersPerToken - 1) / charactersPerToken));
    m_output->setNote(tr("so far"));
}

void AnswerPanel::copyAnswer()
{
    QGuiApplication::clipboard()->setText(m_text);
}

} // namespace llmcache::ui
