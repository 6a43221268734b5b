#include "cache/entrydetail.h"

#include "cache/answereditor.h"
#include "cache/entrycallsmodel.h"
#include "cache/factlist.h"
#include "cache/picklepane.h"
#include "cache/tagrow.h"
#include "cache/valuetext.h"
#include "store/entryid.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"
#include "widgets/emptystate.h"
#include "widgets/spinner.h"
#include "widgets/tablestyle.h"
#include "widgets/tabstrip.h"

#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

// What EntryDetail is made of, and where.

namespace llmcache::ui {

void EntryDetail::addTab(const QString& title, QWidget* page)
{
    m_tabs->addTab(title);
    m_tabPages->addWidget(page);
}

void EntryDetail::showTabs(bool hasPickle, bool isReadable)
{
    const bool wasHidden = !hasPickle && m_tabs->currentIndex() == PickleTab;
    m_tabs->setTabVisible(PickleTab, hasPickle);
    m_pickle->setHasRevisions(isReadable);
    for (const Tab tab : {AnswerTab, RequestTab, UsageTab, CallsTab, SchemaTab, RawTab})
        m_tabs->setTabVisible(tab, isReadable);
    if (!isReadable)
        m_tabs->setCurrentIndex(PickleTab);
    else if (wasHidden)
        m_tabs->setCurrentIndex(AnswerTab);
}

QWidget* EntryDetail::makeCallsPage()
{
    m_callsModel = new EntryCallsModel(this);
    m_callPages = new QStackedWidget(m_tabPages);
    m_calls = new QTableView(m_callPages);
    m_calls->setObjectName(QStringLiteral("callsTable"));
    m_calls->setAccessibleName(tr("Calls that used this entry"));
    m_calls->setModel(m_callsModel);
    setUpTable(m_calls, m_theme);
    m_calls->setSelectionMode(QAbstractItemView::SingleSelection);
    m_calls->setColumnWidth(EntryCallsModel::Time, 88);
    m_calls->setColumnWidth(EntryCallsModel::Result, 104);
    m_calls->setColumnWidth(EntryCallsModel::Latency, 76);
    m_calls->setColumnWidth(EntryCallsModel::Cost, 80);
    m_calls->horizontalHeader()->setSectionResizeMode(EntryCallsModel::User, QHeaderView::Stretch);
    m_callPages->addWidget(m_calls);
    m_callPages->addWidget(new EmptyState(m_theme, IconName::Costs, tr("No calls"),
        tr("Runs that store or use this entry are listed here."), {}, m_callPages));
    return m_callPages;
}

void EntryDetail::resizeEvent(QResizeEvent* event)
{
    QFrame::resizeEvent(event);
    fitHeading();
    fitAnswerPage();
}

void EntryDetail::fitAnswerPage()
{
    constexpr int roomy = 640;
    const bool isRoomy = height() >= roomy;
    m_promptTitle->setVisible(isRoomy);
    m_prompt->setVisible(isRoomy);
    m_facts->setLineVisible(FingerprintFact, isRoomy);
}

void EntryDetail::fitHeading()
{
    // In a narrow pane the agent's name needs the room; the digits are in the list of facts as well.
    constexpr int roomy = 400;
    const bool isRoomy = width() >= roomy;
    m_shortFingerprint->setVisible(isRoomy && !isPythonKey(m_fingerprint));
    m_copyFingerprint->setVisible(isRoomy || !m_flagged);
    m_flag->setVisible(m_flagged.has_value());
    if (m_flagged) {
        const QString sign =
            m_flagged->kind == BadgeKind::Python ? QStringLiteral("py") : m_flagged->text.section(u' ', 0, 0);
        m_flag->setBadge(m_flagged->kind, isRoomy ? m_flagged->text : sign);
        m_flag->setToolTip(m_flagged->text);
        m_flag->setAccessibleName(m_flagged->text.section(u' ', 1));
    }
}

QWidget* EntryDetail::makeHeading()
{
    auto* heading = new QWidget(this);
    m_title = new ElidedLabel(heading);
    m_title->setFont(textFont(TextSize::Large, QFont::DemiBold));
    m_title->setObjectName(QStringLiteral("detailTitle"));
    m_shortFingerprint = makeLabel({}, Tone::Secondary, TextSize::Body, QFont::Normal, heading);
    m_shortFingerprint->setFont(codeFont());
    m_copyFingerprint = new QToolButton(heading);
    m_copyFingerprint->setObjectName(QStringLiteral("copyFingerprint"));
    m_copyFingerprint->setAutoRaise(true);
    m_copyFingerprint->setIcon(m_theme->icon(IconName::Copy));
    m_copyFingerprint->setFixedSize(24, 24);
    m_flag = new Badge(heading);
    m_spinner = new Spinner(m_theme, heading);
    m_runAgain = secondaryButton(tr("Run again"), heading);
    m_runAgain->setObjectName(QStringLiteral("runAgain"));
    m_runAgain->setToolTip(tr("Open the request in the workbench"));
    m_delete = dangerButton(tr("Delete"), heading);
    m_delete->setObjectName(QStringLiteral("deleteEntry"));
    auto* layout = new QHBoxLayout(heading);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    layout->addWidget(m_title);
    layout->addWidget(m_shortFingerprint);
    layout->addWidget(m_copyFingerprint);
    layout->addWidget(m_flag);
    layout->addStretch(1);
    layout->addWidget(m_spinner);
    layout->addWidget(m_runAgain);
    layout->addWidget(m_delete);
    connect(m_copyFingerprint, &QToolButton::clicked, this,
        [this] { QApplication::clipboard()->setText(m_fingerprint); });
    connect(m_runAgain, &QPushButton::clicked, this, [this] { Q_EMIT runAgainRequested(m_fingerprint); });
    connect(m_delete, &QPushButton::clicked, this, [this] { Q_EMIT deleteRequested(m_fingerprint); });
    return heading;
}

QWidget* EntryDetail::makeAnswerPage()
{
    auto* page = new QWidget(this);
    m_answer = new AnswerEditor(m_theme, page);
    m_answer->setMinimumHeight(96);
    m_facts = new FactList(page);
    for (const QString& label : {tr("Model"), tr("Task"), tr("Stored"), tr("Expires"), tr("Tokens"),
             tr("Cost"), tr("Saved so far"), tr("Latency")})
        m_facts->addLine(label);
    m_facts->addLine(tr("Fingerprint"), true);
    m_tags = new TagRow(m_theme, page);
    m_tags->setObjectName(QStringLiteral("entryTags"));
    m_prompt = new ValueText(m_theme, tr("Prompt"), page);
    m_prompt->setObjectName(QStringLiteral("promptText"));
    m_prompt->setMinimumHeight(56);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 4, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(m_answer, 5);
    layout->addWidget(m_facts);
    layout->addWidget(m_tags);
    m_promptTitle = fieldLabel(tr("Prompt"), m_prompt, page);
    layout->addWidget(m_promptTitle);
    layout->addWidget(m_prompt, 3);
    return page;
}

} // namespace llmcache::ui
